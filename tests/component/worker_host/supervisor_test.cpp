// Worker processes under a supervisor, and what is said of those that crash.
#include <fcntl.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/component/worker_host/worker_process.h"
#include "tests/support/stack/stack.h"

namespace holdfast::test {
namespace {

/// A process that has ended, whether or not somebody has asked how.
bool Gone(std::uint64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return true;
    return line.at(line.rfind(')') + 2) == 'Z';
}

class Supervised : public WorkerProcess {
  protected:
    static std::string RanRequest(std::uint64_t id) {
        std::ostringstream text;
        text << "this thread ran request " << std::hex;
        text.fill('0');
        text.width(16);
        text << id << ", attempt 1, service trouble, route /trouble";
        return text.str();
    }
    bool WaitHellos(std::size_t count) {
        return gateway.WaitFor([&] { return gateway.hellos.size() >= count; }) &&
               gateway.WaitWelcomed();
    }
    bool Logged(const std::string& text) const {
        return worker->Output().find(text) != std::string::npos;
    }
    /// A copy of the plugin that a test may do anything to.
    std::string OwnPlugin() {
        const std::string file = File("own.so");
        std::filesystem::copy_file(Plugin("trouble"), file,
                                   std::filesystem::copy_options::overwrite_existing);
        return file;
    }
    void StartOwn(const std::vector<std::string>& more) {
        std::vector<std::string> arguments = {
            "--plugin",        OwnPlugin(),     "--gateway",   gateway.endpoint(),
            "--plugin-config", File("journal"), "--processes", "1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        Run(arguments);
        ASSERT_TRUE(gateway.WaitWelcomed());
    }
};

TEST_F(Supervised, ACrashNamesItsRequestAndItsStackAndTheProcessStartsAgain) {
    Start({"--processes", "1"});
    EXPECT_TRUE(gateway.hellos[0].has_process());
    EXPECT_EQ(gateway.hellos[0].process().restarts(), 0U);
    EXPECT_NE(gateway.hellos[0].pid(), static_cast<std::uint64_t>(worker->pid()));
    const std::uint64_t id = gateway.Ask("segfault");
    ASSERT_TRUE(WaitHellos(2));
    EXPECT_TRUE(Logged("crash: SIGSEGV"));
    EXPECT_TRUE(Logged(RanRequest(id)));
    EXPECT_TRUE(Logged("libholdfast_trouble.so(")) << "a frame of the plugin, by its own name";
    EXPECT_TRUE(Logged("ended: SIGSEGV"));
    const wire::Process& process = gateway.hellos[1].process();
    EXPECT_EQ(process.restarts(), 1U);
    EXPECT_EQ(process.last_crash(), "SIGSEGV");
    EXPECT_LT(process.last_crash_age_ms(), 60'000U);
    EXPECT_TRUE(gateway.ReplyTo(gateway.Ask("echo")));
}

TEST_F(Supervised, AnExceptionThatNobodyCatchesIsNamedWithTheRequestsThatRan) {
    Start({"--processes", "1"});
    gateway.Ask("uncaught");
    ASSERT_TRUE(WaitHellos(2));
    EXPECT_TRUE(Logged("crash: SIGABRT"));
    EXPECT_TRUE(Logged("an exception that nobody caught: trouble: thrown where nobody catches"));
    EXPECT_TRUE(Logged("this thread ran no request"));
    EXPECT_TRUE(Logged("other threads ran 0000000000000001"));
}

TEST_F(Supervised, ACrashWithoutASupervisorIsReportedToo) {
    Start();
    const std::uint64_t id = gateway.Ask("abort");
    EXPECT_EQ(worker->Wait(ms(20'000)), 128 + SIGABRT);
    EXPECT_TRUE(Logged("critical crash: SIGABRT"));
    EXPECT_TRUE(Logged(RanRequest(id)));
}

TEST_F(Supervised, ACrashReportIsJsonWhereTheLogIs) {
    Start({"--log-format", "json"});
    const std::uint64_t id = gateway.Ask("segfault");
    EXPECT_EQ(worker->Wait(ms(20'000)), 128 + SIGSEGV);
    std::istringstream lines(worker->Output());
    bool named = false;
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(json.is_object()) << line;
        named = named || json.value("message", "") == RanRequest(id);
    }
    EXPECT_TRUE(named);
}

TEST_F(Supervised, OneThatCrashesAgainAndAgainIsHeldBack) {
    Start({"--processes", "1"});
    for (std::size_t crash = 1; crash <= 5; ++crash) {
        ASSERT_TRUE(WaitHellos(crash)) << crash;
        gateway.session = 0;
        gateway.credits.clear();
        ASSERT_TRUE(::kill(static_cast<pid_t>(gateway.hellos.back().pid()), SIGSEGV) == 0);
        if (crash == 5) break;
        ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() > crash; })) << crash;
    }
    EXPECT_TRUE(
        WaitLogged("is in quarantine: it ended 5 times within 60 s, the last time with "
                   "SIGSEGV; it starts again in 30 s"));
    worker->Signal(SIGTERM);
    EXPECT_EQ(worker->Wait(ms(20'000)), 0) << "it ends though none of its processes runs";
}

TEST_F(Supervised, TheProcessesEndWithTheirSupervisor) {
    Start({"--processes", "3"});
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() >= 3; }));
    std::set<std::uint64_t> pids;
    std::set<std::uint32_t> places;
    for (const wire::Hello& hello : gateway.hellos) {
        pids.insert(hello.pid());
        places.insert(hello.process().index());
    }
    EXPECT_EQ(pids.size(), 3U);
    EXPECT_EQ(places, (std::set<std::uint32_t>{0, 1, 2}));
    worker->Signal(SIGKILL);
    EXPECT_TRUE(
        gateway.WaitFor([&] { return std::all_of(pids.begin(), pids.end(), &Gone); }, ms(30'000)));
}

TEST_F(Supervised, ATermSignalDrainsEveryProcess) {
    Start({"--processes", "1"});
    const auto id = gateway.Ask("sleep 500");
    ASSERT_TRUE(WaitNoted("started", id));
    worker->Signal(SIGTERM);
    EXPECT_EQ(gateway.ReplyTo(id).value().body(), "slept");
    EXPECT_EQ(worker->Wait(ms(20'000)), 0);
}

/// As a terminal and systemd do it.
TEST_F(Supervised, ASignalToSupervisorAndProcessesIsOneDrain) {
    Start({"--processes", "1"});
    const auto id = gateway.Ask("sleep 500");
    ASSERT_TRUE(WaitNoted("started", id));
    const auto child = static_cast<pid_t>(gateway.hellos[0].pid());
    ASSERT_EQ(::kill(child, SIGTERM), 0);
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.goodbyes == 1; }));
    worker->Signal(SIGTERM);
    EXPECT_EQ(gateway.ReplyTo(id).value().body(), "slept");
    EXPECT_EQ(worker->Wait(ms(20'000)), 0);
}

/// As a terminal that is closed sends it to all of them: the supervisor decides what it means.
TEST_F(Supervised, AHangupOfAProcessEndsNothing) {
    Start({"--processes", "1"});
    const auto child = static_cast<pid_t>(gateway.hellos[0].pid());
    ASSERT_EQ(::kill(child, SIGHUP), 0);
    const auto id = gateway.Ask("echo");
    EXPECT_TRUE(gateway.ReplyTo(id).has_value());
    worker->Signal(SIGTERM);
    EXPECT_EQ(worker->Wait(ms(20'000)), 0);
    EXPECT_EQ(gateway.hellos.size(), 1U);
    EXPECT_FALSE(Logged("SIGHUP"));
}

TEST_F(Supervised, ASecondSignalEndsThemAtOnce) {
    Start({"--processes", "1"});
    const auto id = gateway.Ask("never");
    ASSERT_TRUE(WaitNoted("started", id));
    worker->Signal(SIGTERM);
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.goodbyes == 1; }));
    worker->Signal(SIGTERM);
    EXPECT_EQ(worker->Wait(ms(20'000)), 128 + SIGTERM);
    EXPECT_TRUE(Gone(gateway.hellos[0].pid()));
}

TEST_F(Supervised, APluginThatDoesNotLoadEndsItWithTheSameErrorAsWithout) {
    std::filesystem::copy_file(Plugin("echo"), File("cut.so"));
    std::filesystem::resize_file(File("cut.so"), 2000);
    for (const std::string& plugin : {File("cut.so"), File("none.so")}) {
        Run({"--plugin", plugin, "--gateway", gateway.endpoint(), "--processes", "2"});
        EXPECT_EQ(worker->Wait(ms(20'000)), 1) << plugin;
        EXPECT_TRUE(Logged("cannot start: plugin " + plugin + ": ")) << worker->Output();
    }
}

TEST_F(Supervised, AnAllocationBeyondTheLimitFailsItsRequestOnly) {
    if (testing::SlowFactor() > 1) GTEST_SKIP() << "a sanitizer's memory is beyond any limit";
    Start({"--processes", "1", "--process-memory", "256MiB"});
    const auto reply = gateway.ReplyTo(gateway.Ask("allocate 1000"));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->kind(), wire::Reply::FAILED);
    EXPECT_EQ(gateway.ReplyTo(gateway.Ask("allocate 1")).value().body(), "1048576");
    EXPECT_EQ(gateway.hellos.size(), 1U) << "the process lives";
}

TEST_F(Supervised, AProcessIsBoundToItsCpusAndGivesWay) {
    Start({"--processes", "1", "--process-cpus", "1", "--process-nice", "5"});
    // Each thread has its own of both, the one that writes the log too.
    std::size_t threads = 0;
    for (const auto& thread : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(gateway.hellos[0].pid()) + "/task")) {
        ++threads;
        const std::string folder = thread.path().string();
        std::ifstream status(folder + "/status");
        std::string cpus;
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("Cpus_allowed_list:")) cpus = line.substr(line.find('\t') + 1);
        }
        EXPECT_FALSE(cpus.empty());
        EXPECT_EQ(cpus.find_first_not_of("0123456789"), std::string::npos) << cpus << " is not one";
        std::ifstream stat(folder + "/stat");
        std::string fields;
        std::getline(stat, fields);
        std::istringstream rest(fields.substr(fields.rfind(')') + 2));
        std::string field;
        for (int i = 3; i <= 19; ++i) rest >> field;  // proc(5): the 19th is nice
        EXPECT_EQ(field, "5");
    }
    EXPECT_GE(threads, 3U);
}

TEST_F(Supervised, ALimitThatTheThreadsAloneWouldReachIsRefused) {
    Run({"--plugin", Plugin("echo"), "--gateway", gateway.endpoint(), "--process-memory", "64MiB"});
    EXPECT_EQ(worker->Wait(ms(20'000)), 2);
    EXPECT_TRUE(Logged("--process-memory: must be at least")) << worker->Output();
}

TEST_F(Supervised, AHangupReloadsAndTheOldProcessEnds) {
    StartOwn({});
    const std::uint64_t old = gateway.hellos[0].pid();
    worker->Signal(SIGHUP);
    ASSERT_TRUE(WaitHellos(2));
    EXPECT_EQ(gateway.hellos[1].process().generation(), 2U);
    ASSERT_TRUE(WaitLogged("reloaded: generation 2 serves"));
    EXPECT_TRUE(gateway.WaitFor([&] { return Gone(old); }));
    EXPECT_EQ(gateway.ReplyTo(gateway.Ask("echo")).value().body(), "echo");
    EXPECT_EQ(gateway.hellos[1].process().restarts(), 0U);
}

TEST_F(Supervised, AFileThatIsNoPluginChangesNothing) {
    StartOwn({});
    // In place: the mapping of whoever had loaded this very file would change.
    std::ofstream(File("own.so"), std::ios::trunc) << "this is no shared object";
    worker->Signal(SIGHUP);
    ASSERT_TRUE(
        WaitLogged("reload failed: process 0 of the new ones ended: exit code 1; "
                   "generation 1 goes on"));
    EXPECT_TRUE(Logged("own.so: cannot load"));
    EXPECT_EQ(gateway.ReplyTo(gateway.Ask("echo")).value().body(), "echo");
    EXPECT_EQ(gateway.hellos.size(), 1U);
}

TEST_F(Supervised, AFileThatIsStillWrittenIsNotLoaded) {
    StartOwn({"--watch"});
    std::ifstream in(Plugin("trouble"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const std::string more = bytes + "appended: other bytes, the same plugin";
    const int fd = ::open(File("own.so").c_str(), O_WRONLY | O_TRUNC);
    ASSERT_GE(fd, 0);
    // Most of it, so that only who writes knows that it is not all.
    ASSERT_EQ(::write(fd, more.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    worker->Signal(SIGHUP);
    ASSERT_TRUE(WaitLogged("SIGHUP: reloading"));
    gateway.Idle(ms(1500));
    EXPECT_FALSE(Logged("reload: "));
    ASSERT_GT(::write(fd, more.data() + bytes.size(), more.size() - bytes.size()), 0);
    ::close(fd);
    ASSERT_TRUE(WaitLogged("reloaded: generation 2 serves"));
    EXPECT_EQ(gateway.ReplyTo(gateway.Ask("echo")).value().body(), "echo");
}

}  // namespace
}  // namespace holdfast::test
