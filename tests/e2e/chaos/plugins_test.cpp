// Plugins that crash, throw, leak, block for ever and answer rubbish, while the orders of other
// workers are served without a single failure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/chaos/order_clients.h"
#include "tests/support/chaos/truth.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;

constexpr const char* kConfig = R"(
ready: {required_services: [orders]}
routes:
  - path: /v1/orders
    methods: [POST]
    service: orders
    timeout: 10s
    idempotent: true
    idempotency_key: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - {path: "/v1/orders/{id}", methods: [GET], service: orders, timeout: 10s}
  - {path: /v1/trouble, methods: [POST], service: trouble, timeout: 2s}
)";

class BadPlugins : public ::testing::Test {
  protected:
    BadPlugins() : stack_(kConfig) {
        stack_.StartGateway();
        stack_.StartOrdersWorker();
        stack_.StartOrdersWorker();
        EXPECT_TRUE(stack_.WaitForWorkers(2)) << stack_.gateway().Output();
        before_ = StockOf(stack_.database());
        orders_ = std::make_unique<OrderClients>(
            OrderClientOptions{.ports = {stack_.ports().data},
                               .clients = 3,
                               .pause = milliseconds(15) * SlowFactor(),
                               .patience = seconds(30),
                               .ledger = Ledger(),
                               .run = "plugins"});
    }

    void TearDown() override {
        EXPECT_TRUE(
            Eventually([this] { return orders_->created() > 50; }, seconds(30) * SlowFactor()));
        const OrderTally tally = orders_->Stop();
        EXPECT_EQ(tally.created, tally.requests) << "every order was created at once";
        EXPECT_EQ(tally.replayed, 0U);
        EXPECT_THAT(tally.broken_promises, IsEmpty());
        EXPECT_THAT(Disagreements(tally, stack_.database(), before_), IsEmpty());
        const load::Reconciliation found = ReconcileWith(Ledger(), stack_.database(), before_);
        EXPECT_EQ(found.Differences(), 0U) << ToText(found);
        EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
        EXPECT_TRUE(stack_.gateway().Running());
    }

    std::string Ledger() const { return stack_.directory() / "ledger.jsonl"; }

    Process& StartSupervised(std::vector<std::string> options = {}) {
        options.insert(options.end(), {"--processes", "1", "--drain-timeout", "1s"});
        return stack_.StartTroubleWorker(2, options);
    }
    /// Its status, and its outcome.
    std::string Ask(const std::string& trouble) const {
        httplib::Client client = stack_.Client();
        const auto answer = client.Post("/v1/trouble", trouble, "text/plain");
        if (!answer) return "no answer: " + httplib::to_string(answer.error());
        return std::to_string(answer->status) + " " + answer->get_header_value("Holdfast-Outcome");
    }
    bool Recovers() const {
        return Eventually([this] { return Ask("echo") == "200 replied"; },
                          seconds(30) * SlowFactor());
    }

    Stack stack_;
    std::vector<load::StockLevel> before_;
    std::unique_ptr<OrderClients> orders_;
};

TEST_F(BadPlugins, CrashesAreRestartedAndCostNobodyElse) {
    StartSupervised();
    for (const char* crash : {"segfault", "abort", "uncaught", "exit"}) {
        SCOPED_TRACE(crash);
        ASSERT_TRUE(Recovers());
        EXPECT_EQ(Ask(crash), "502 worker-lost");
    }
    EXPECT_TRUE(Recovers());
}

TEST_F(BadPlugins, RubbishAndFiftyMegabytesAreWorkerErrorsAndCostNobodyElse) {
    StartSupervised();
    ASSERT_TRUE(Recovers());
    for (int i = 0; i < 3; ++i) {
        for (const char* rubbish : {"throw", "fail", "header-crlf", "header-name", "bad-status",
                                    "bytes 600000", "bytes 52428800"}) {
            SCOPED_TRACE(rubbish);
            EXPECT_EQ(Ask(rubbish), "502 worker-error");
        }
        EXPECT_EQ(Ask("twice"), "200 replied");
    }
    EXPECT_EQ(stack_.Metric("holdfast_workers_total{event=\"lost\"}"), 0) << "its process lives";
}

TEST_F(BadPlugins, OneThatBlocksForEverEndsAtTheDeadlineAndCostsNobodyElse) {
    StartSupervised();
    ASSERT_TRUE(Recovers());
    std::vector<std::thread> clients;
    std::atomic<int> expired = 0;
    for (int i = 0; i < 12; ++i) {
        clients.emplace_back([&] { expired += Ask("block 3600000") == "504 timed-out" ? 1 : 0; });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(expired, 12) << "two that hold its threads, and those that waited for one";
    EXPECT_EQ(Ask("echo"), "504 timed-out") << "no thread of it is left";
    // Another process of the service is all that it takes.
    StartSupervised();
    EXPECT_TRUE(Recovers());
}

TEST_F(BadPlugins, ALeakWithinItsLimitFailsItsRequestsUntilItsProcessIsRestarted) {
    if (SlowFactor() > 1) GTEST_SKIP() << "a sanitizer's memory is beyond any limit";
    StartSupervised({"--process-memory", "256MiB"});
    ASSERT_TRUE(Recovers());
    int leaked = 0;
    int failed = 0;
    bool lost = false;
    // Large pieces until they are refused, then smaller ones, until the process has nothing left.
    for (const char* piece : {"leak 8192", "leak 256", "leak 8", "leak 1"}) {
        for (int i = 0; i < 400 && !lost; ++i) {
            const std::string answer = Ask(piece);
            leaked += answer == "200 replied" ? 1 : 0;
            if (answer == "502 worker-error") {
                ++failed;
                break;
            }
            lost = answer == "502 worker-lost" || answer == "503 no-worker";
        }
    }
    EXPECT_GT(leaked, 10);
    EXPECT_GT(failed, 0) << "what is beyond the limit fails alone";
    EXPECT_TRUE(Recovers()) << "by a fresh process, if the old one had nothing left";
    const auto rss = stack_.gateway().ResidentBytes();
    EXPECT_LT(rss, 200U << 20U) << "it is the worker's memory, not the gateway's";
}

TEST_F(BadPlugins, OnesThatDoNotLoadEndTheirWorkerOnly) {
    for (const char* strange : {"major", "escape", "refuse", "missing"}) {
        SCOPED_TRACE(strange);
        Process& worker = stack_.StartWorker(std::string("strange_") + strange);
        EXPECT_EQ(worker.Wait(seconds(20) * SlowFactor()), 1) << worker.Output();
    }
}

}  // namespace
}  // namespace holdfast::testing
