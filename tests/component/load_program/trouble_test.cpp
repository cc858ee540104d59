// The flow's trouble section, by the real program, on harmless processes.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/component/load_program/load_program.h"
#include "tests/component/load_program/order_server.h"

namespace holdfast::load {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;

class TroubleRuns : public LoadProgram {
  protected:
    void SetUp() override { File("sleeper.pid", std::to_string(sleeper_.pid()) + "\n"); }

    std::string Flow(const std::string& length, const std::string& trouble) const {
        return File("flow.yaml", OrderFlow("50", length, "trouble:\n" + trouble));
    }
    char State() const {
        std::ifstream file("/proc/" + std::to_string(sleeper_.pid()) + "/stat");
        std::string line;
        std::getline(file, line);
        return line[line.rfind(')') + 2];
    }

    testing::Process sleeper_{{"/bin/sleep", "600"}, "/dev/null"};
    OrderServer server_{[](std::uint64_t) { return Fault::kNone; }};
};

TEST_F(TroubleRuns, HappensAtItsTimeAndIsMarkedInTheResult) {
    const Ended ended =
        Load({"run",
              Flow("2s",
                   "  - {at: 200ms, stop: {pid_file: sleeper.pid}}\n"
                   "  - {at: 600ms, kill: {pid_file: sleeper.pid}, label: it dies}\n"
                   "  - {at: 900ms, terminate: {pid_file: sleeper.pid}}\n"),
              "--url", server_.Url(), "--json", Path("result.json")});
    EXPECT_EQ(ended.code, 0) << ended.text;
    EXPECT_EQ(sleeper_.Wait(std::chrono::seconds(5)), 128 + SIGKILL);
    const Result result = Measured();
    ASSERT_EQ(result.marks.size(), 3U) << ended.text;
    EXPECT_EQ(result.marks[0].label, "stop sleeper.pid");
    EXPECT_GE(result.marks[0].second, 0.2);
    EXPECT_EQ(result.marks[1].label, "it dies");
    EXPECT_GE(result.marks[1].second, 0.6);
    EXPECT_FALSE(result.marks[1].failed);
    EXPECT_TRUE(result.marks[2].failed);
    EXPECT_THAT(result.marks[2].label, HasSubstr("does not run"));
    EXPECT_THAT(result.warnings, ::testing::Contains(HasSubstr("does not run (FAILED)")));
}

TEST_F(TroubleRuns, WhatIsStoppedGoesOnAtTheEndOfTheRun) {
    const Ended ended = Load({"run", Flow("600ms", "  - {at: 0s, stop: {pid_file: sleeper.pid}}\n"),
                              "--url", server_.Url(), "--json", Path("result.json")});
    EXPECT_EQ(ended.code, 0) << ended.text;
    EXPECT_TRUE(Eventually([&] { return State() == 'S'; }));
    ASSERT_EQ(Measured().marks.size(), 2U);
    EXPECT_THAT(Measured().marks[1].label, HasSubstr("continued sleeper.pid"));
}

TEST_F(TroubleRuns, WhatIsStoppedGoesOnWhenTheProgramIsKilled) {
    const auto process = Start({"run", Flow("1h", "  - {at: 0s, stop: {pid_file: sleeper.pid}}\n"),
                                "--url", server_.Url()});
    ASSERT_TRUE(Eventually([&] { return State() == 'T'; })) << process->Output();
    process->Signal(SIGKILL);
    EXPECT_TRUE(Eventually([&] { return State() == 'S'; }));
}

TEST_F(TroubleRuns, APidFileThatIsWrongIsSaidBeforeAnythingIsSent) {
    for (const char* text : {"1\n", "nonsense", "999999999"}) {
        File("sleeper.pid", text);
        const Ended ended =
            Load({"run", Flow("1s", "  - {at: 0s, kill: {pid_file: sleeper.pid}}\n"), "--url",
                  server_.Url()});
        EXPECT_EQ(ended.code, 2) << ended.text;
        EXPECT_THAT(ended.text, HasSubstr("sleeper.pid: "));
        EXPECT_EQ(std::count(ended.text.begin(), ended.text.end(), '\n'), 1) << ended.text;
    }
    EXPECT_EQ(server_.requests(), 0U);
}

}  // namespace
}  // namespace holdfast::load
