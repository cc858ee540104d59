// Workers that die, stop, hang or never answer, and clients that leave: what each client is told.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// /v1/safe may be redispatched, /v1/once may not; both take what the trouble plugin is told to do.
// Workers get all that they give credit for, so that a lost one has much to lose.
constexpr const char* kRoutes = R"(
overload: {concurrency: fixed}
limits: {pending_requests: 4000, queue_requests: 4000}
ready: {required_services: []}
routes:
  - {path: /v1/safe, methods: [POST], service: trouble, timeout: 8s, idempotent: true}
  - {path: /v1/once, methods: [POST], service: trouble, timeout: 8s}
  - {path: /v1/long, methods: [POST], service: trouble, timeout: 60s}
  - {path: /v1/brief, methods: [POST], service: trouble, timeout: 300ms}
)";

struct Tally {
    std::mutex mutex;
    std::map<int, int> statuses;
    std::map<int, steady_clock::duration> slowest;
    int broken = 0;

    void Add(const httplib::Result& answer, steady_clock::duration took) {
        const std::lock_guard lock(mutex);
        if (!answer) {
            ++broken;
            return;
        }
        ++statuses[answer->status];
        slowest[answer->status] = std::max(slowest[answer->status], took);
    }
};

class Faults : public ::testing::Test {
  protected:
    Faults() : stack_(kRoutes) { stack_.StartGateway(); }

    /// `count` clients that post `body` to `path` again and again until they go.
    std::vector<std::jthread> Load(const std::string& path, const std::string& body, int count,
                                   Tally& tally) {
        std::vector<std::jthread> clients;
        for (int i = 0; i < count; ++i) {
            clients.emplace_back([this, path, body, &tally](const std::stop_token& stop) {
                httplib::Client client = stack_.Client();
                while (!stop.stop_requested()) {
                    const auto begin = steady_clock::now();
                    const auto answer = client.Post(path, body, "text/plain");
                    tally.Add(answer, steady_clock::now() - begin);
                }
            });
        }
        return clients;
    }

    /// One request each on `count` connections, sent at once; the statuses and times go to `tally`.
    std::vector<std::jthread> Once(const std::string& path, const std::string& body, int count,
                                   Tally& tally) {
        std::vector<std::jthread> clients;
        for (int i = 0; i < count; ++i) {
            clients.emplace_back([this, path, body, &tally] {
                httplib::Client client = stack_.Client();
                const auto begin = steady_clock::now();
                const auto answer = client.Post(path, body, "text/plain");
                tally.Add(answer, steady_clock::now() - begin);
            });
        }
        return clients;
    }

    /// How often the plugin wrote that it had "started" or "cancelled" one.
    std::ptrdiff_t Noted(const std::string& word) const {
        return std::ranges::count_if(
            stack_.events(), [&](const std::string& event) { return event.starts_with(word); });
    }

    Stack stack_;
};

TEST_F(Faults, AKilledWorkersIdempotentRequestsAllSucceedAndOthersFailWithin1s) {
    Process& victim = stack_.StartTroubleWorker(4);
    stack_.StartTroubleWorker(4);
    ASSERT_TRUE(stack_.WaitForWorkers(2)) << stack_.gateway().Output();

    Tally safe;
    Tally once;
    auto load = Load("/v1/safe", "sleep 20", 4, safe);
    auto more = Load("/v1/once", "sleep 20", 4, once);
    ASSERT_TRUE(Eventually([&] {
        const std::lock_guard lock(safe.mutex);
        return safe.statuses[200] > 20;
    }));
    victim.Signal(SIGKILL);
    std::this_thread::sleep_for(milliseconds(1500));  // the load goes on over the loss
    load.clear();
    more.clear();

    EXPECT_EQ(safe.broken + once.broken, 0);
    EXPECT_EQ(safe.statuses.size(), 1U) << "only 200: " << safe.statuses.begin()->first;
    EXPECT_GT(once.statuses[200], 0);
    EXPECT_GT(once.statuses[502], 0) << "the victim had some of them";
    once.statuses.erase(200);
    once.statuses.erase(502);
    EXPECT_TRUE(once.statuses.empty());
    EXPECT_LT(once.slowest[502], seconds(1) * SlowFactor());
    EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
}

TEST_F(Faults, WithEveryWorkerDeadTheAnswerIsAnHonest503AtOnce) {
    Process& worker = stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    worker.Signal(SIGKILL);
    ASSERT_TRUE(stack_.WaitForWorkers(0));
    httplib::Client client = stack_.Client();
    for (int i = 0; i < 20; ++i) {
        const auto begin = steady_clock::now();
        const auto answer = client.Post("/v1/once", "echo", "text/plain");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 503);
        EXPECT_EQ(answer->get_header_value("Holdfast-Outcome"), "no-worker");
        EXPECT_EQ(answer->get_header_value("Holdfast-Processed"), "no");
        EXPECT_FALSE(answer->get_header_value("Retry-After").empty());
        EXPECT_LT(steady_clock::now() - begin, milliseconds(500) * SlowFactor());
    }
}

TEST_F(Faults, AStoppedWorkersRequestsAreAnsweredWithin1sAndItStartsNothingThatWas) {
    Process& stopped = stack_.StartTroubleWorker(2);
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    // Two run, the rest wait in the worker: SIGSTOP finds started and unstarted ones.
    Tally once;
    auto clients = Once("/v1/once", "sleep 5000", 20, once);
    ASSERT_TRUE(Eventually([&] { return stack_.events().size() == 2; }));
    ASSERT_TRUE(Eventually([&] { return stack_.Metric("holdfast_attempts_sent_total") >= 20; }));

    const auto begin = steady_clock::now();
    stopped.Signal(SIGSTOP);
    clients.clear();
    EXPECT_LT(steady_clock::now() - begin, milliseconds(1500) * SlowFactor());
    EXPECT_EQ(once.statuses[502], 20) << "each was sent: the outcome is unknown";

    stopped.Signal(SIGCONT);
    ASSERT_TRUE(stack_.WaitForWorkers(1)) << "it says Hello anew";
    httplib::Client client = stack_.Client();
    const auto answer = client.Post("/v1/once", "echo", "text/plain");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(Noted("started"), 3) << "the two of before, the one of after, none that was answered";
}

TEST_F(Faults, AStoppedWorkersIdempotentRequestsGoToAnother) {
    Process& stopped = stack_.StartTroubleWorker(2);
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    Tally safe;
    auto clients = Once("/v1/safe", "sleep 300", 10, safe);
    ASSERT_TRUE(Eventually([&] { return stack_.Metric("holdfast_attempts_sent_total") >= 10; }));
    stopped.Signal(SIGSTOP);
    stack_.StartTroubleWorker(4);
    clients.clear();
    EXPECT_EQ(safe.statuses[200], 10);
}

TEST_F(Faults, APluginThatNeverRepliesEndsAtTheDeadline) {
    stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    httplib::Client client = stack_.Client();
    const auto begin = steady_clock::now();
    const auto answer = client.Post("/v1/brief", "never", "text/plain");
    const auto took = steady_clock::now() - begin;
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 504);
    EXPECT_EQ(answer->get_header_value("Holdfast-Outcome"), "timed-out");
    EXPECT_NE(answer->get_header_value("Holdfast-Processed"), "no");
    EXPECT_GE(took, milliseconds(295));
    EXPECT_LT(took, seconds(5)) << "other routes have 8 s and more";
    EXPECT_TRUE(Eventually([&] { return Noted("cancelled") == 1; })) << "the worker was told";
    EXPECT_TRUE(Eventually([&] {
        return stack_.gateway().Output().find("timed-out") != std::string::npos;
    })) << "and it is logged";
}

TEST_F(Faults, AHeaderLowersTheDeadlineAndNeverRaisesIt) {
    stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    httplib::Client client = stack_.Client();
    for (const char* path : {"/v1/once", "/v1/brief"}) {
        const auto begin = steady_clock::now();
        const auto answer = client.Post(
            path, {{"Request-Timeout-Ms", path == std::string("/v1/once") ? "250" : "60000"}},
            "never", "text/plain");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 504);
        EXPECT_LT(steady_clock::now() - begin, seconds(3));
    }
}

TEST_F(Faults, ClientsThatLeaveAreCancelledAtTheWorker) {
    stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    std::list<httplib::Client> connections;
    std::vector<std::jthread> clients;
    for (int i = 0; i < 10; ++i) {
        httplib::Client& connection = connections.emplace_back(stack_.Client());
        clients.emplace_back(
            [&] { EXPECT_FALSE(connection.Post("/v1/long", "never", "text/plain")); });
    }
    // One that is cancelled before its start is dropped without a word.
    ASSERT_TRUE(Eventually([&] { return Noted("started") == 10; }));
    for (httplib::Client& connection : connections) connection.stop();
    clients.clear();
    EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
    EXPECT_TRUE(Eventually([&] { return Noted("cancelled") == 10; }))
        << "the plugin sees each cancel";
}

TEST_F(Faults, APluginThatCrashesThrowsOrAnswersGarbageHarmsNobodyElse) {
    stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    httplib::Client client = stack_.Client();
    for (const char* trouble :
         {"throw", "fail", "header-crlf", "header-name", "bad-status", "bytes 3000000"}) {
        SCOPED_TRACE(trouble);
        const auto answer = client.Post("/v1/once", trouble, "text/plain");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 502);
        EXPECT_EQ(answer->get_header_value("Holdfast-Outcome"), "worker-error");
        EXPECT_EQ(answer->body.find("trouble:"), std::string::npos) << "the detail is for the log";
    }
    const auto refused = client.Post("/v1/once", "not-processed", "text/plain");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->get_header_value("Holdfast-Processed"), "no");

    const auto crash = client.Post("/v1/once", "segfault", "text/plain");
    ASSERT_TRUE(crash);
    EXPECT_EQ(crash->status, 502);
    EXPECT_EQ(crash->get_header_value("Holdfast-Outcome"), "worker-lost");
    stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    const auto after = client.Post("/v1/once", "echo", "text/plain");
    ASSERT_TRUE(after);
    EXPECT_EQ(after->status, 200);
}

TEST_F(Faults, APoisonRequestTakesAtMostTwoWorkers) {
    for (int i = 0; i < 3; ++i) stack_.StartTroubleWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(3));
    httplib::Client client = stack_.Client();
    const auto answer = client.Post("/v1/safe", "segfault", "text/plain");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 502);
    EXPECT_EQ(answer->get_header_value("Holdfast-Outcome"), "worker-lost");
    EXPECT_TRUE(stack_.WaitForWorkers(1));
    EXPECT_EQ(stack_.events().size(), 2U) << "once, and redispatched once";
}

TEST_F(Faults, AGatewayThatIsNotThereKeepsNoWorkerBusy) {
    const Stack dead;  // its ports are free: nobody listens there
    Process& worker = stack_.StartTroubleWorker(
        2, {"--gateway", "tcp://127.0.0.1:" + std::to_string(dead.ports().bus)});
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    const auto before = worker.CpuTime();
    std::this_thread::sleep_for(milliseconds(3000));
    EXPECT_LT(worker.CpuTime() - before, milliseconds(1000))
        << "a loop that spins takes 2000 or more";
}

TEST_F(Faults, AWorkerThatDrainsFinishesWhatItHasAndLosesNothing) {
    Process& leaving = stack_.StartTroubleWorker(4);
    stack_.StartTroubleWorker(4);
    ASSERT_TRUE(stack_.WaitForWorkers(2));
    Tally once;
    auto load = Load("/v1/once", "sleep 20", 8, once);
    ASSERT_TRUE(Eventually([&] {
        const std::lock_guard lock(once.mutex);
        return once.statuses[200] > 40;
    }));
    leaving.Signal(SIGTERM);
    EXPECT_EQ(leaving.Wait(seconds(10) * SlowFactor()), 0);
    std::this_thread::sleep_for(milliseconds(300));
    load.clear();
    EXPECT_EQ(once.broken, 0);
    EXPECT_EQ(once.statuses.size(), 1U) << "only 200";
}

}  // namespace
}  // namespace holdfast::testing
