// A process has no descriptor left, or may write no further: what it holds goes on, who comes
// waits.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <future>
#include <thread>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Below what a gateway has open from its start; poll(2) takes no more entries than that.
constexpr rlim_t kFewerThanOpen = 8;

void LimitDescriptors(const Process& process, rlim_t limit) {
    rlimit limits{};
    ASSERT_EQ(prlimit(process.pid(), RLIMIT_NOFILE, nullptr, &limits), 0);
    limits.rlim_cur = limit;
    ASSERT_EQ(prlimit(process.pid(), RLIMIT_NOFILE, &limits, nullptr), 0);
}

TEST(Descriptors, WhenNoneIsLeftConnectionsGoOnAndNewOnesWaitWithoutASpin) {
#if defined(__SANITIZE_ADDRESS__)
    // It reads memory through a pipe, and takes all of it for unreadable when it cannot open one.
    GTEST_SKIP() << "UBSan's check of virtual calls needs descriptors of its own";
#endif
    Stack stack("limits: {pending_requests: 100}\nlisten: {max_connections: 100}\n");
    stack.StartGateway();
    stack.StartWorker("echo");
    ASSERT_TRUE(stack.WaitForWorkers(1));
    httplib::Client known = stack.Client();
    known.set_keep_alive(true);
    ASSERT_TRUE(known.Post("/v1/echo", "before", "text/plain"));
    ASSERT_GT(stack.gateway().DescriptorCount(), kFewerThanOpen);

    // The limit was checked at the start; somebody lowers it under the running process.
    LimitDescriptors(stack.gateway(), kFewerThanOpen);
    const auto spent = stack.gateway().CpuTime();
    auto late = std::async(std::launch::async, [&stack] {
        httplib::Client client = stack.Client();
        client.set_read_timeout(seconds(30));
        return client.Post("/v1/echo", "late", "text/plain");
    });
    EXPECT_TRUE(Eventually([&] {
        return stack.gateway().Output().find("cannot accept") != std::string::npos;
    })) << stack.gateway().Output();
    for (int i = 0; i < 20; ++i) {
        const auto answer = known.Post("/v1/echo", "during", "text/plain");
        ASSERT_TRUE(answer) << "a connection that was there is lost";
        EXPECT_EQ(answer->status, 200);
        std::this_thread::sleep_for(milliseconds(50));  // the time in which a spin would show
    }
    EXPECT_EQ(late.wait_for(seconds(0)), std::future_status::timeout);
    EXPECT_LT(stack.gateway().CpuTime() - spent, milliseconds(250) * SlowFactor())
        << "a loop that spins takes 700 and more";

    LimitDescriptors(stack.gateway(), 1024);
    const auto answer = late.get();
    ASSERT_TRUE(answer) << "who waited is served as soon as there are descriptors again";
    EXPECT_EQ(answer->status, 200);
}

TEST(Descriptors, WhenAWorkerHasNoneLeftItServesOnAndFindsItsGatewayAgainOnceItHas) {
#if defined(__SANITIZE_ADDRESS__)
    // It reads memory through a pipe, and takes all of it for unreadable when it cannot open one.
    GTEST_SKIP() << "UBSan's check of virtual calls needs descriptors of its own";
#endif
    Stack stack;
    stack.StartGateway();
    Process& worker = stack.StartOrdersWorker();
    ASSERT_TRUE(stack.WaitForWorkers(1)) << worker.Output();
    httplib::Client client = stack.Client();
    const auto before = stack.PostOrder(client, "before");
    ASSERT_TRUE(before);
    ASSERT_EQ(before->status, 201);

    LimitDescriptors(worker, kFewerThanOpen);
    for (int i = 0; i < 10; ++i) {
        const auto answer = stack.PostOrder(client, "during");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 201)
            << "its connections to the gateway and the database are open";
    }
    // No reader of the database was open yet: this one needs a descriptor.
    const auto unread = client.Get(before->get_header_value("location"));
    ASSERT_TRUE(unread);
    EXPECT_EQ(unread->status, 502);
    EXPECT_EQ(unread->get_header_value("Holdfast-Outcome"), "worker-error");

    stack.gateway().Signal(SIGKILL);
    stack.gateway().Wait(seconds(10));
    stack.StartGateway();
    const auto spent = worker.CpuTime();
    std::this_thread::sleep_for(seconds(2));  // the time in which a spin would show
    EXPECT_TRUE(worker.Running()) << worker.Output();
    EXPECT_LT(worker.CpuTime() - spent, milliseconds(500) * SlowFactor())
        << "a loop that spins takes 2000 or more";

    LimitDescriptors(worker, 1024);
    ASSERT_TRUE(stack.WaitForWorkers(1)) << worker.Output();
    httplib::Client again = stack.Client();
    const auto read = again.Get(before->get_header_value("location"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->status, 200);
}

TEST(FileSize, AGatewayWhoseLogMayNotGrowServesOn) {
    Stack stack("ready: {required_services: []}\n");
    stack.StartGateway();
    const std::size_t logged = stack.gateway().Output().size();
    ASSERT_GT(logged, 0U);
    const rlimit limits{.rlim_cur = logged, .rlim_max = RLIM_INFINITY};
    ASSERT_EQ(prlimit(stack.gateway().pid(), RLIMIT_FSIZE, &limits, nullptr), 0);
    stack.StartWorker("echo");  // its welcome is a line of the log
    ASSERT_TRUE(stack.WaitForWorkers(1));
    httplib::Client client = stack.Client();
    const auto answer = client.Post("/v1/echo", "served", "text/plain");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_TRUE(stack.gateway().Running()) << "SIGXFSZ ends nobody";
    EXPECT_EQ(stack.gateway().Output().size(), logged);
}

}  // namespace
}  // namespace holdfast::testing
