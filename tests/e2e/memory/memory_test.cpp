// The memory of the whole gateway process while workers are dead, stopped or silent.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/support/stack/flood.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kMiB = 1024.0 * 1024.0;

// Sanitizers keep freed memory in quarantine and shadow what is there: sizes mean nothing then.
bool SizesMeanSomething() {
    return SlowFactor() == 1;
}

/// Samples a process's VmRSS every 100 ms until it is destroyed.
class ResidentPeak {
  public:
    explicit ResidentPeak(const Process& process)
        : thread_([this, &process] {
              while (!stop_) {
                  peak_ = std::max<std::uint64_t>(peak_, process.ResidentBytes());
                  std::this_thread::sleep_for(milliseconds(100));
              }
          }) {}
    ~ResidentPeak() { Stop(); }
    std::uint64_t Stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        return peak_;
    }

  private:
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> peak_{0};
    std::thread thread_;
};

/// The bound that the gateway itself prints for this configuration.
double PrintedBound(const Stack& stack) {
    Process check(
        {stack.gateway_binary(), "--config", stack.directory() / "gateway.yaml", "--check-config"},
        stack.directory() / "check.log");
    check.Wait(seconds(10));
    const std::string output = check.Output();
    const std::string words = "bounded by about ";
    const std::size_t at = output.find(words);
    return at == std::string::npos ? 0 : std::stod(output.substr(at + words.size())) * kMiB;
}

TEST(Memory, ItStaysFlatOver200000RefusedRequests) {
    Stack stack(R"(
ready: {required_services: []}
routes:
  - {path: /v1/once, methods: [POST], service: trouble, timeout: 5s}
)");
    stack.StartGateway();
    const std::string request = PostBytes("/v1/once", std::string(300, 'x'));
    const auto total = static_cast<std::size_t>(200'000 / SlowFactor() / SlowFactor());
    Pipeline(stack.ports().data, request, total / 20);
    const std::uint64_t before = stack.gateway().ResidentBytes();
    auto statuses = Pipeline(stack.ports().data, request, total);
    EXPECT_EQ(statuses[503], total);
    const std::uint64_t after = stack.gateway().ResidentBytes();
    if (SizesMeanSomething()) {
        EXPECT_LT(static_cast<double>(after), static_cast<double>(before) + kMiB);
    }
    EXPECT_EQ(stack.Pending(), 0U);
}

TEST(Memory, RoundsOfTimeoutsDoNotGrowIt) {
    Stack stack(R"(
listen: {max_connections: 5000}
limits: {pending_requests: 4000, queue_requests: 4000, queue_bytes: 64MiB}
overload: {queue_target: 0s, refuse_hopeless: false}
ready: {required_services: []}
routes:
  - {path: /v1/brief, methods: [POST], service: trouble, timeout: 1500ms}
)");
    stack.StartGateway();
    stack.StartTroubleWorker();
    ASSERT_TRUE(stack.WaitForWorkers(1));
    const std::string request = PostBytes("/v1/brief", "never\n" + std::string(4000, 'x'));
    const auto held = static_cast<std::size_t>(3000 / SlowFactor());
    std::uint64_t peaks[3] = {};
    for (std::uint64_t& peak : peaks) {
        ResidentPeak resident(stack.gateway());
        HeldConnections connections(stack.ports().data, request, held);
        auto statuses = connections.Statuses(20'000);
        EXPECT_EQ(statuses[504], held);
        EXPECT_TRUE(Eventually([&] { return stack.Pending() == 0; }));
        peak = resident.Stop();
    }
    if (SizesMeanSomething()) {
        EXPECT_NEAR(static_cast<double>(peaks[2]), static_cast<double>(peaks[1]),
                    0.05 * static_cast<double>(peaks[1]));
    }
}

TEST(Memory, AStoppedWorkerUnderLoadStaysUnderThePrintedBoundWhichIsNotALooseOne) {
    // Every term but the budget is small here, so that the budget's share of the bound shows.
    Stack stack(R"(
listen: {max_connections: 6000}
bus: {max_peers: 1, send_hwm: 2, receive_hwm: 1, max_message: 128KiB, max_reply: 16KiB, reply_window: 64KiB, batch_bytes: 16KiB, peer_timeout: 10s, ping_interval: 1s}
limits: {pending_requests: 5000, pending_bytes: 192MiB, upload_bytes: 64MiB, reply_bytes: 1MiB, queue_requests: 5000, queue_bytes: 192MiB, request_line: 1KiB, header_bytes: 1KiB}
log: {queue: 256}
ready: {required_services: []}
routes:
  - {path: /v1/once, methods: [POST], service: trouble, timeout: 6s, body_limit: 64KiB}
)");
    stack.StartGateway();
    Process& worker = stack.StartTroubleWorker();
    ASSERT_TRUE(stack.WaitForWorkers(1));
    const double bound = PrintedBound(stack);
    ASSERT_GT(bound, 0);

    ResidentPeak resident(stack.gateway());
    worker.Signal(SIGSTOP);
    const std::string request = PostBytes("/v1/once", "echo\n" + std::string(40'000, 'x'));
    HeldConnections connections(stack.ports().data, request,
                                static_cast<std::size_t>(5500 / SlowFactor()));
    auto statuses = connections.Statuses(20'000);
    EXPECT_EQ(statuses[0] + statuses[-1] + statuses[200], 0U);
    if (SizesMeanSomething()) {
        EXPECT_GT(statuses[503], 0U) << "more than the budget was asked for";
    }
    EXPECT_GT(statuses[504] + statuses[502], 0U);
    const auto peak = static_cast<double>(resident.Stop());
    worker.Signal(SIGCONT);
    RecordProperty("peak_mib", static_cast<int>(peak / kMiB));
    RecordProperty("bound_mib", static_cast<int>(bound / kMiB));
    if (SizesMeanSomething()) {
        EXPECT_LT(peak, bound);
        EXPECT_GT(peak, 0.75 * bound) << "the formula predicts the measured maximum within 25 %";
    }
    EXPECT_TRUE(Eventually([&] { return stack.Pending() == 0; }, seconds(30)));
}

}  // namespace
}  // namespace holdfast::testing
