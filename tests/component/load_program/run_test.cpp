// How a run ends: thresholds, signals, lost generators, what cannot be written.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <sstream>

#include "tests/component/load_program/load_program.h"
#include "tests/component/load_program/order_server.h"

namespace holdfast::load {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;

Fault Good(std::uint64_t) {
    return Fault::kNone;
}

class Runs : public LoadProgram {
  protected:
    std::vector<std::string> Arguments(const std::string& length,
                                       std::vector<std::string> more = {}) {
        std::vector<std::string> arguments = {"run",    File("flow.yaml", OrderFlow("100", length)),
                                              "--url",  server_.Url(),
                                              "--json", Path("result.json")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }

    static std::vector<pid_t> ChildrenOf(pid_t pid) {
        const std::string name = std::to_string(pid);
        std::ifstream file("/proc/" + name + "/task/" + name + "/children");
        std::vector<pid_t> children;
        for (pid_t child = 0; file >> child;) children.push_back(child);
        return children;
    }

    OrderServer server_{Good};
};

TEST_F(Runs, AThresholdThatFailsIsExitCode99) {
    const Ended ended =
        Load(Arguments("500ms", {"--threshold", "p99<1ns", "--threshold", "lost==0", "--quiet"}));
    EXPECT_EQ(ended.code, 99) << ended.text;
    const Result result = Measured();
    ASSERT_EQ(result.thresholds.size(), 2U);
    EXPECT_FALSE(result.thresholds[0].passed);
    EXPECT_TRUE(result.thresholds[1].passed);
}

TEST_F(Runs, AllReportsAreWrittenToTheFolder) {
    const Ended ended = Load(Arguments("500ms", {"--out", Path("made/for/it")}));
    EXPECT_EQ(ended.code, 0) << ended.text;
    for (const char* name : {"report.html", "result.json", "result.csv", "junit.xml"}) {
        EXPECT_TRUE(std::filesystem::file_size(Path("made/for/it/" + std::string(name))) > 0);
        EXPECT_THAT(ended.text, HasSubstr("written: " + Path("made/for/it/" + std::string(name))));
    }
}

TEST_F(Runs, TheFirstInterruptEndsItEarlyAndStillReports) {
    const auto process = Start(Arguments("1h"));
    ASSERT_TRUE(Eventually([&] { return server_.requests() > 20; })) << process->Output();
    process->Signal(SIGINT);
    const Ended ended = End(*process);
    EXPECT_EQ(ended.code, 130) << ended.text;
    const Result result = Measured();
    EXPECT_TRUE(result.interrupted);
    EXPECT_EQ(Measure(result).all.Good(), server_.requests());
}

TEST_F(Runs, ATerminationReportsToo) {
    const auto process = Start(Arguments("1h", {"--processes", "2"}));
    ASSERT_TRUE(Eventually([&] { return server_.requests() > 20; })) << process->Output();
    process->Signal(SIGTERM);
    EXPECT_EQ(End(*process).code, 143);
    EXPECT_TRUE(Measured().interrupted);
}

TEST_F(Runs, TheSecondInterruptEndsItAtOnceAndLeavesNobodyBehind) {
    OrderServer silent([](std::uint64_t) { return Fault::kSilent; });
    const auto process =
        Start({"run", File("flow.yaml", OrderFlow("100", "1h")), "--url", silent.Url()});
    ASSERT_TRUE(Eventually([&] { return silent.requests() > 5; })) << process->Output();
    const std::vector<pid_t> generators = ChildrenOf(process->pid());
    EXPECT_FALSE(generators.empty());
    process->Signal(SIGINT);
    process->Signal(SIGINT);  // may merge with the first one while that is pending
    EXPECT_TRUE(Eventually([&] {
        process->Signal(SIGINT);
        return !process->Running();
    }));
    EXPECT_EQ(process->Wait(std::chrono::seconds(10)), 130);
    for (const pid_t generator : generators) {
        EXPECT_TRUE(Eventually([&] { return kill(generator, 0) != 0; }));
    }
}

TEST_F(Runs, AGeneratorThatDiesIsSaidAndItsShareIsCountedAsUnsent) {
    const auto process = Start(Arguments("2s", {"--processes", "2"}));
    ASSERT_TRUE(Eventually([&] { return server_.requests() > 20; })) << process->Output();
    const std::vector<pid_t> generators = ChildrenOf(process->pid());
    ASSERT_EQ(generators.size(), 2U);
    kill(generators[1], SIGKILL);
    const Ended ended = End(*process);
    EXPECT_EQ(ended.code, 5) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr("generator 2 of 2 was killed by signal 9 (Killed)"));
    const Figures figures = Measure(Measured());
    EXPECT_GE(Of(figures, ErrorKind::kUnsent), 1U);
    EXPECT_LE(Of(figures, ErrorKind::kUnsent), 100U);
}

TEST_F(Runs, AFullDiskOfTheLedgerIsSaidAndTheRunGoesOn) {
    const Ended ended = Load(Arguments("500ms", {"--ledger", "/dev/full"}));
    EXPECT_EQ(ended.code, 5) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr("50 of 50 lines of the ledger could not be written: No "
                                      "space left on device"));
    EXPECT_EQ(Measure(Measured()).all.Good(), 50U);
}

TEST_F(Runs, AnOpsPortThatIsNotThereIsAWarning) {
    const Ended ended = Load(Arguments("500ms", {"--ops", "http://127.0.0.1:1"}));
    EXPECT_EQ(ended.code, 0) << ended.text;
    EXPECT_THAT(ended.text, HasSubstr("ops port http://127.0.0.1:1: "));
}

TEST_F(Runs, ALimitIsSearchedWithinTheThresholds) {
    // The server refuses whatever comes sooner than 10 ms after the last: about 100/s.
    std::atomic<std::int64_t> last = 0;
    OrderServer limited([&last](std::uint64_t) {
        const std::int64_t now = Clock::now().time_since_epoch().count();
        const bool early = now - last < 10'000'000;
        last = now;
        return early ? Fault::kWrongStatus : Fault::kNone;
    });
    const std::string load =
        "{mode: find-limit, find_limit: {lowest: 20, highest: 900, precision: 50%, probe: 500ms}}";
    const Ended ended = Load({"run", File("flow.yaml", OrderFlowOf(load)), "--url", limited.Url(),
                              "--json", Path("result.json"), "--threshold", "error_rate<50%"});
    const Result result = Measured();
    EXPECT_EQ(result.load.mode, LoadMode::kFindLimit);
    EXPECT_GE(result.probes.size(), 2U) << ended.text;
    for (const ProbeResult& probe : result.probes) {
        // A busy machine may fail one that would pass; the server passes none far above.
        EXPECT_TRUE(probe.rate <= 300 || !probe.passed) << probe.rate;
        EXPECT_EQ(probe.passed, probe.why.empty());
        EXPECT_TRUE(!probe.passed || probe.rate <= result.limit.value_or(0)) << probe.rate;
    }
    EXPECT_EQ(ended.code, result.limit ? 0 : 99) << ended.text;
}

TEST_F(Runs, ATraceIsOneJourneyAsItWentOverTheWire) {
    const Ended ended = Load(Arguments("1s", {"--trace"}));
    EXPECT_EQ(ended.code, 0) << ended.text;
    EXPECT_EQ(server_.requests(), 1U);
    EXPECT_THAT(ended.text, HasSubstr("> POST /v1/orders HTTP/1.1\n"));
    EXPECT_THAT(ended.text, HasSubstr("< HTTP/1.1 201 Created\n"));
    EXPECT_THAT(ended.text, HasSubstr("\"orderId\":\"id-1\""));
}

}  // namespace
}  // namespace holdfast::load
