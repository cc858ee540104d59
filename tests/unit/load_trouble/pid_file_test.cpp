#include <signal.h>
#include <sys/stat.h>
#include <utime.h>

#include "tests/unit/load_trouble/trouble_fixture.h"

namespace holdfast::load {
namespace {

using PidFileTest = TroubleTest;

/// What is said of a pid file with this text; empty when it is good.
std::string Complaint(const std::string& path) {
    try {
        ReadPidFile(path);
        return {};
    } catch (const TroubleError& error) {
        return error.what();
    }
}

TEST_F(PidFileTest, ANumberWithOrWithoutANewlineNamesARunningProcess) {
    const std::string pid = std::to_string(sleeper_.pid());
    EXPECT_EQ(ReadPidFile(PidFile(pid)).pid, sleeper_.pid());
    EXPECT_EQ(ReadPidFile(PidFile(pid + "\n")).pid, sleeper_.pid());
}

TEST_F(PidFileTest, WhatIsNoSingleNumberAboveOneIsRefused) {
    for (const char* text :
         {"", "\n", "0", "1", "-1", "-4711", "abc", "12 13", "12abc", "99999999999999999999"}) {
        EXPECT_NE(Complaint(PidFile(text)).find("holds no process id"), std::string::npos) << text;
    }
    EXPECT_NE(Complaint(folder_).find("holds no process id"), std::string::npos) << "a folder";
}

TEST_F(PidFileTest, OurselvesAreRefused) {
    EXPECT_NE(Complaint(PidFile(std::to_string(getpid()))).find("this very process"),
              std::string::npos);
}

TEST_F(PidFileTest, AProcessThatHasEndedIsGone) {
    const std::string path = PidFile(std::to_string(sleeper_.pid()));
    sleeper_.Signal(SIGKILL);
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'Z'));
    EXPECT_THROW(ReadPidFile(path), ProcessGone) << "not yet reaped";
    sleeper_.Wait(std::chrono::seconds(10));
    EXPECT_THROW(ReadPidFile(path), ProcessGone);
    EXPECT_THROW(ReadPidFile(folder_ / "none.pid"), ProcessGone);
}

TEST_F(PidFileTest, AFileThatIsOlderThanTheProcessSpeaksOfAnotherOne) {
    const std::string path = PidFile(std::to_string(sleeper_.pid()));
    const time_t hour_ago = time(nullptr) - 3600;
    const utimbuf times{hour_ago, hour_ago};
    ASSERT_EQ(utime(path.c_str(), &times), 0);
    EXPECT_THROW(ReadPidFile(path), ProcessGone);
    EXPECT_NE(Complaint(path).find("younger than the file"), std::string::npos);
}

TEST_F(PidFileTest, AFileThatAllMayWriteIsRefused) {
    const std::string path = PidFile(std::to_string(sleeper_.pid()));
    ASSERT_EQ(chmod(path.c_str(), 0666), 0);
    EXPECT_NE(Complaint(path).find("all users may write it"), std::string::npos);
}

TEST_F(PidFileTest, AProcessOfAnotherUserIsRefused) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to have a process of another user";
    const testing::Process other({"/usr/bin/setpriv", "--reuid=65534", "/bin/sleep", "600"},
                                 "/dev/null");
    const std::string path = PidFile(std::to_string(other.pid()));
    EXPECT_TRUE(testing::Eventually([&] {
        return Complaint(path).find("belongs to another user") != std::string::npos;
    })) << Complaint(path);
}

TEST_F(PidFileTest, ASignalReachesTheVeryProcessOrNobody) {
    const ProcessRef process = ReadPidFile(PidFile(std::to_string(sleeper_.pid())));
    ProcessRef later = process;
    ++later.start_ticks;
    EXPECT_THROW(SignalProcess(later, SIGKILL), ProcessGone);
    EXPECT_TRUE(sleeper_.Running());
    EXPECT_FALSE(WaitForEnd(process, 0));
    SignalProcess(process, SIGKILL);
    EXPECT_TRUE(WaitForEnd(process, 10'000));
}

}  // namespace
}  // namespace holdfast::load
