// Start, drain, restart and end of the gateway as its operator sees them.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* kRoutes = R"(
shutdown: {drain_delay: 200ms, drain_timeout: 5s}
ready: {required_services: [trouble]}
routes:
  - {path: /v1/once, methods: [POST], service: trouble, timeout: 20s}
  - {path: /v1/patient, methods: [POST], service: late, timeout: 20s, wait_for_worker: 15s}
)";

/// Runs the gateway with these words and returns (exit status, output).
std::pair<int, std::string> RunGateway(const Stack& stack, std::vector<std::string> words,
                                       const std::map<std::string, std::string>& environment = {}) {
    words.insert(words.begin(), stack.gateway_binary());
    Process process(words, stack.directory() / "run.log", environment);
    const int status = process.Wait(seconds(20)).value_or(-1);
    std::string output = process.Output();
    std::filesystem::remove(stack.directory() / "run.log");
    return {status, output};
}

TEST(Lifecycle, ItStartsWithNoFileAtAll) {
    const Stack stack;
    const auto [status, output] = RunGateway(stack, {"--check-config"});
    EXPECT_EQ(status, 0) << output;
    const auto [printed, effective] = RunGateway(stack, {"--print-config"});
    EXPECT_EQ(printed, 0);
    EXPECT_NE(effective.find("/v1/orders"), std::string::npos) << effective;
}

TEST(Lifecycle, ABadConfigurationIsRefusedWithLineAndColumn) {
    const Stack stack;
    const auto file = stack.directory() / "bad.yaml";
    std::ofstream(file) << "listen:\n  prot: 8080\n";
    const auto [status, output] = RunGateway(stack, {"--config", file, "--check-config"});
    EXPECT_EQ(status, 2) << output;
    EXPECT_NE(output.find("bad.yaml:2:3"), std::string::npos) << output;
    EXPECT_NE(output.find("port"), std::string::npos) << "what would be right: " << output;
}

TEST(Lifecycle, ATakenPortIsOneClearLine) {
    Stack stack(kRoutes);
    stack.StartGateway();
    const auto [status, output] =
        RunGateway(stack, {"--config", stack.directory() / "gateway.yaml"},
                   {{"HOLDFAST_LISTEN_PORT", std::to_string(stack.ports().data)},
                    {"HOLDFAST_OPS_PORT", "0"},
                    {"HOLDFAST_BUS_PORT", "0"}});
    EXPECT_EQ(status, 1) << output;
    EXPECT_NE(output.find(std::to_string(stack.ports().data)), std::string::npos) << output;
}

TEST(Lifecycle, HealthIsAskedByTheProgramItself) {
    Stack stack(kRoutes);
    stack.StartGateway();
    const std::map<std::string, std::string> port = {
        {"HOLDFAST_OPS_PORT", std::to_string(stack.ports().ops)}};
    EXPECT_EQ(RunGateway(stack, {"--health"}, port).first, 0);
    stack.gateway().Signal(SIGTERM);
    ASSERT_TRUE(stack.gateway().Wait(seconds(10)));
    EXPECT_EQ(RunGateway(stack, {"--health"}, port).first, 1);
}

TEST(Lifecycle, ReadyMeansThatTheRequiredServicesHaveAWorker) {
    Stack stack(kRoutes);
    stack.StartGateway();
    const auto answer = stack.OpsClient().Get("/readyz");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    stack.StartTroubleWorker();
    EXPECT_TRUE(stack.WaitReady());
}

TEST(Lifecycle, SigtermDrainsAndWhatIsLeftGetsAnHonestAnswer) {
    Stack stack(kRoutes);
    stack.StartGateway();
    stack.StartTroubleWorker(4);
    ASSERT_TRUE(stack.WaitForWorkers(1));
    httplib::Result brief = stack.Client().Get("/none");
    httplib::Result endless = stack.Client().Get("/none");
    httplib::Result waiting = stack.Client().Get("/none");
    std::jthread a([&] {
        auto client = stack.Client();
        brief = client.Post("/v1/once", "sleep 2000", "text/plain");
    });
    std::jthread b([&] {
        auto client = stack.Client();
        endless = client.Post("/v1/once", "never", "text/plain");
    });
    std::jthread c([&] {
        auto client = stack.Client();
        waiting = client.Post("/v1/patient", "echo", "text/plain");
    });
    ASSERT_TRUE(Eventually([&] { return stack.Pending() == 3; }));
    ASSERT_TRUE(Eventually([&] { return stack.events().size() == 2; }));
    stack.gateway().Signal(SIGTERM);
    EXPECT_TRUE(Eventually([&] {
        const auto answer = stack.OpsClient().Get("/readyz");
        return answer && answer->status == 503;
    }));
    a.join();
    b.join();
    c.join();
    ASSERT_TRUE(brief && endless && waiting);
    EXPECT_EQ(brief->status, 200) << "it was finished within the drain";
    EXPECT_EQ(endless->status, 502);
    EXPECT_EQ(endless->get_header_value("Holdfast-Outcome"), "shutting-down");
    EXPECT_EQ(waiting->status, 503) << "it was never sent";
    EXPECT_EQ(waiting->get_header_value("Holdfast-Processed"), "no");
    EXPECT_EQ(stack.gateway().Wait(seconds(10) * SlowFactor()), 0) << stack.gateway().Output();
    EXPECT_TRUE(Eventually([&] { return stack.events().back().starts_with("cancelled"); }))
        << "the worker was told";
}

TEST(Lifecycle, ASecondSignalEndsAtOnce) {
    Stack stack(kRoutes);
    stack.StartGateway();
    stack.StartTroubleWorker();
    ASSERT_TRUE(stack.WaitForWorkers(1));
    std::jthread client([&] {
        auto http = stack.Client();
        http.Post("/v1/once", "never", "text/plain");
    });
    ASSERT_TRUE(Eventually([&] { return stack.Pending() == 1; }));
    stack.gateway().Signal(SIGTERM);
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_TRUE(stack.gateway().Running());
    stack.gateway().Signal(SIGTERM);
    EXPECT_EQ(stack.gateway().Wait(seconds(5)), 143) << "128 + SIGTERM";
    client.join();
}

TEST(Lifecycle, WorkersReturnByThemselvesWhenTheGatewayRestarts) {
    Stack stack(kRoutes);
    stack.StartGateway();
    stack.StartTroubleWorker();
    stack.StartTroubleWorker();
    ASSERT_TRUE(stack.WaitForWorkers(2));
    stack.gateway().Signal(SIGKILL);
    stack.gateway().Wait(seconds(5));
    stack.StartGateway();
    const auto begin = steady_clock::now();
    EXPECT_TRUE(stack.WaitForWorkers(2));
    EXPECT_LT(steady_clock::now() - begin, seconds(20)) << "2 s are aimed at; ten times that fails";
    httplib::Client client = stack.Client();
    const auto answer = client.Post("/v1/once", "echo", "text/plain");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
}

TEST(Lifecycle, ARequestMayWaitForAWorkerThatComes) {
    Stack stack(R"(
ready: {required_services: []}
routes:
  - {path: /v1/patient, methods: [POST], service: trouble, timeout: 20s, wait_for_worker: 15s}
)");
    stack.StartGateway();
    httplib::Result answer = stack.Client().Get("/none");
    std::jthread client([&] {
        auto http = stack.Client();
        answer = http.Post("/v1/patient", "echo", "text/plain");
    });
    ASSERT_TRUE(Eventually([&] { return stack.Pending() == 1; }));
    stack.StartTroubleWorker();
    client.join();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
}

}  // namespace
}  // namespace holdfast::testing
