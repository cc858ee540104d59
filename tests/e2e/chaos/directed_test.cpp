// The moments that chance rarely hits, each forced: a worker dies, a leg breaks or a gateway ends
// exactly between a commit and its reply. The legs hold replies back until the test lets go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <thread>

#include "load/truth/sqlite.h"
#include "tests/support/chaos/database_lock.h"
#include "tests/support/chaos/tcp_proxy.h"
#include "tests/support/chaos/truth.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;

// Silence ends no worker here, only its connection does: so a busy machine changes nothing.
constexpr const char* kConfig = R"(
overload: {concurrency: fixed}
bus: {peer_timeout: 60s}
shutdown: {drain_timeout: 500ms}
ready: {required_services: []}
routes:
  - path: /v1/orders
    methods: [POST]
    service: orders
    timeout: 30s
    idempotency_key: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - path: /v1/repeatable
    methods: [POST]
    service: orders
    timeout: 30s
    idempotent: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - {path: /v1/once, methods: [POST], service: trouble, timeout: 30s}
  - {path: /v1/safe, methods: [POST], service: trouble, timeout: 30s, idempotent: true}
)";

constexpr LinkBehaviour kHoldReplies{.forth_stalled = true};

class Directed : public ::testing::Test {
  protected:
    /// A worker and the link to its gateway.
    struct Hand {
        std::unique_ptr<TcpProxy> leg;
        std::unique_ptr<Process> process;

        /// What it had answered and was still on its way is lost with it.
        void Kill() const {
            process->Signal(SIGKILL);
            process->Wait(seconds(10));
            leg->Cut();
            leg->Behave();
        }
    };
    /// What a client was told.
    struct Told {
        int status = 0;  ///< 0: cut off
        std::string outcome{};
        std::string processed{};
        bool retry_after = false;
        bool replay = false;
        std::string id{};  ///< the order's
    };

    Directed() : stack_(kConfig) { stack_.StartGateway(); }

    std::unique_ptr<Hand> Start(const std::string& plugin,
                                const std::vector<std::string>& options) {
        auto hand = std::make_unique<Hand>();
        hand->leg = std::make_unique<TcpProxy>(FreePort(), stack_.ports().bus, 1);
        const std::string log = "hand-" + std::to_string(started_++) + ".log";
        hand->process =
            std::make_unique<Process>(WorkerCommand(plugin, {Endpoint(hand->leg->port())}, options),
                                      stack_.directory() / log);
        return hand;
    }
    /// Waits until it is the only live worker, or one of `workers`.
    std::unique_ptr<Hand> StartOrders(std::size_t workers = 1) {
        auto hand = Start("orders", OrdersOptions(stack_.database(), 4, {{"busy_timeout", "20s"}}));
        EXPECT_TRUE(stack_.WaitForWorkers(workers)) << hand->process->Output();
        return hand;
    }
    std::unique_ptr<Hand> StartWitness(std::size_t workers = 1) {
        auto hand = Start("trouble",
                          {"--threads", "2", "--plugin-config", stack_.directory() / "events.log"});
        EXPECT_TRUE(stack_.WaitForWorkers(workers)) << hand->process->Output();
        return hand;
    }

    static Told ToTold(const httplib::Result& answer) {
        if (!answer) return {};
        Told told{.status = answer->status,
                  .outcome = answer->get_header_value("Holdfast-Outcome"),
                  .processed = answer->get_header_value("Holdfast-Processed"),
                  .retry_after = answer->has_header("Retry-After"),
                  .replay = answer->has_header("Idempotent-Replay")};
        const auto body = nlohmann::json::parse(answer->body, nullptr, false);
        if (body.is_object()) told.id = body.value("orderId", "");
        return told;
    }
    std::future<Told> Order(const std::string& customer, const std::string& key = {}) const {
        return std::async(std::launch::async, [this, customer, key] {
            httplib::Client client = stack_.Client();
            return ToTold(stack_.PostOrder(client, customer, 1, key));
        });
    }
    std::future<Told> Post(const std::string& path, const std::string& body,
                           const std::string& type = "text/plain") const {
        return std::async(std::launch::async, [this, path, body, type] {
            return ToTold(stack_.Client().Post(path, body, type));
        });
    }

    /// The ids of the customer's orders in the database.
    std::vector<std::string> Committed(const std::string& customer) const {
        load::SqliteConnection database(load::SqliteConnection::Mode::kRead, stack_.database());
        load::SqliteQuery query(database, "SELECT id FROM orders WHERE customer = ?");
        query.With(std::string_view(customer));
        std::vector<std::string> ids;
        while (query.Step()) ids.push_back(query.Text(0));
        return ids;
    }
    bool IsCommitted(const std::string& customer) const {
        return Eventually([&] { return !Committed(customer).empty(); }, kPatience);
    }
    std::size_t Events(const std::string& word) const {
        std::size_t count = 0;
        for (const std::string& line : stack_.events()) count += line.starts_with(word + " ");
        return count;
    }
    bool Happens(const std::string& word, std::size_t times = 1) const {
        return Eventually([&] { return Events(word) == times; }, kPatience);
    }

    /// That it is not known what became of it: nothing invites the client to send it again.
    static void IsHonest(const Told& told, int status, const std::string& outcome) {
        EXPECT_EQ(told.status, status);
        EXPECT_EQ(told.outcome, outcome);
        EXPECT_THAT(told.processed, AnyOf("unknown", "started"));
        EXPECT_FALSE(told.retry_after);
    }

    static constexpr auto kPatience = seconds(30);

    Stack stack_;
    int started_ = 0;
};

TEST_F(Directed, AnOrderWhoseWorkerDiesBetweenCommitAndReplyIsNeitherRepeatedNorDenied) {
    const auto victim = StartOrders();
    victim->leg->Behave(kHoldReplies);
    auto told = Order("directed-1");
    ASSERT_TRUE(IsCommitted("directed-1"));
    const auto other = StartOrders(2);
    victim->Kill();
    IsHonest(told.get(), 502, "worker-lost");
    EXPECT_EQ(stack_.Metric("holdfast_redispatches_total"), 0);
    EXPECT_EQ(Committed("directed-1").size(), 1U);
}

TEST_F(Directed, AnOrderWithAKeyWhoseWorkerDiesThereIsGivenToTheOtherAndIsTheSame) {
    const auto victim = StartOrders();
    victim->leg->Behave(kHoldReplies);
    auto told = Order("directed-2", "key-2");
    ASSERT_TRUE(IsCommitted("directed-2"));
    const auto other = StartOrders(2);
    victim->Kill();
    const Told answer = told.get();
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(stack_.Metric("holdfast_redispatches_total"), 1);
    EXPECT_EQ(Committed("directed-2"), std::vector{answer.id});
}

TEST_F(Directed, AnOrderOnARouteThatMayBeRepeatedIsTheSameWithoutAKeyToo) {
    const auto victim = StartOrders();
    victim->leg->Behave(kHoldReplies);
    auto told = Post("/v1/repeatable", R"({"customer": "directed-10", "currency": "EUR",
        "lines": [{"sku": "tea-250", "quantity": 1}]})",
                     "application/json");
    ASSERT_TRUE(IsCommitted("directed-10"));
    const auto other = StartOrders(2);
    victim->Kill();
    const Told answer = told.get();
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(Committed("directed-10"), std::vector{answer.id});
}

TEST_F(Directed, WithoutAnotherWorkerItIsNotDeniedAndTheClientsOwnRetryFindsIt) {
    const auto victim = StartOrders();
    victim->leg->Behave(kHoldReplies);
    auto told = Order("directed-3", "key-3");
    ASSERT_TRUE(IsCommitted("directed-3"));
    victim->Kill();
    const Told first = told.get();
    EXPECT_GE(first.status, 502);
    EXPECT_THAT(first.processed, AnyOf("unknown", "started"));
    EXPECT_FALSE(first.retry_after);

    const auto next = StartOrders();
    const Told again = Order("directed-3", "key-3").get();
    EXPECT_EQ(again.status, 201);
    EXPECT_TRUE(again.replay);
    EXPECT_EQ(Committed("directed-3"), std::vector{again.id});
}

TEST_F(Directed, WhatAWorkerHadSentBeforeItDiedIsItsAnswer) {
    const auto victim = StartOrders();
    victim->leg->Behave(kHoldReplies);
    auto told = Order("directed-4");
    ASSERT_TRUE(IsCommitted("directed-4"));
    // A handler's reply follows its commit at once; then all of it lies in the link.
    std::this_thread::sleep_for(milliseconds(200) * SlowFactor());
    victim->process->Signal(SIGKILL);
    victim->leg->Behave();
    const Told answer = told.get();
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(Committed("directed-4"), std::vector{answer.id});
}

TEST_F(Directed, ALegThatBreaksAfterItsWorkerBeganStartsNothingTwiceThatMayNotBe) {
    const auto cut = StartWitness();
    auto once = Post("/v1/once", "sleep 1500");
    auto safe = Post("/v1/safe", "sleep 1500");
    ASSERT_TRUE(Happens("started", 2));
    const auto other = StartWitness(2);
    cut->leg->Cut();
    IsHonest(once.get(), 502, "worker-lost");
    EXPECT_EQ(safe.get().status, 200);
    EXPECT_EQ(Events("started"), 3U) << "/v1/safe once more, /v1/once not";
    EXPECT_TRUE(stack_.WaitForWorkers(2)) << "the leg is there again";
}

TEST_F(Directed, AnOrderThatTwoWorkersCommitAtTheSameTimeIsOne) {
    const auto other = StartOrders();
    other->leg->Behave({.stalled = true});
    other->leg->Cut();
    ASSERT_TRUE(stack_.WaitForWorkers(0));
    const auto cut = StartOrders();
    auto lock = std::make_unique<DatabaseLock>(stack_.database());
    auto told = Order("directed-5", "key-5");
    ASSERT_TRUE(Eventually([&] { return stack_.Metric("holdfast_attempts_sent_total") == 1; }));
    other->leg->Behave();
    ASSERT_TRUE(stack_.WaitForWorkers(2));
    cut->leg->Cut();  // its worker lives, and goes on waiting for the lock
    ASSERT_TRUE(Eventually([&] { return stack_.Metric("holdfast_redispatches_total") == 1; }));
    ASSERT_TRUE(Committed("directed-5").empty());
    lock.reset();
    const Told answer = told.get();
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(Committed("directed-5"), std::vector{answer.id});
}

TEST_F(Directed, AGatewayThatIsKilledWithRepliesOnTheWireForgetsNoOrderAndDoublesNone) {
    constexpr int kOrders = 8;
    const auto worker = StartOrders();
    const auto before = StockOf(stack_.database());
    worker->leg->Behave(kHoldReplies);
    std::vector<std::future<Told>> cut_off;
    const auto customer = [](int i) { return "directed-6-" + std::to_string(i); };
    for (int i = 0; i < kOrders; ++i) {
        cut_off.push_back(Order(customer(i), "key-" + customer(i)));
    }
    for (int i = 0; i < kOrders; ++i) ASSERT_TRUE(IsCommitted(customer(i)));
    stack_.gateway().Signal(SIGKILL);
    for (auto& told : cut_off) EXPECT_EQ(told.get().status, 0);
    stack_.StartGateway();
    worker->leg->Behave();
    ASSERT_TRUE(stack_.WaitForWorkers(1)) << worker->process->Output();

    OrderTally tally;
    for (int i = 0; i < kOrders; ++i) {
        const Told again = Order(customer(i), "key-" + customer(i)).get();
        EXPECT_EQ(again.status, 201);
        EXPECT_TRUE(again.replay);
        tally.told[{customer(i), "key-" + customer(i)}] = again.id;
    }
    EXPECT_THAT(Disagreements(tally, stack_.database(), before), ::testing::IsEmpty());
}

TEST_F(Directed, AGatewayThatEndsWithRepliesOnTheWireDeniesNothing) {
    const auto worker = StartOrders();
    worker->leg->Behave(kHoldReplies);
    auto told = Order("directed-7");
    ASSERT_TRUE(IsCommitted("directed-7"));
    stack_.gateway().Signal(SIGTERM);
    IsHonest(told.get(), 502, "shutting-down");
    EXPECT_EQ(Committed("directed-7").size(), 1U);
}

TEST_F(Directed, ADeadlineThatPassesWhileTheReplyIsOnTheWireDeniesNothingAndTheReplyHarmsNobody) {
    const auto worker = StartOrders();
    worker->leg->Behave(kHoldReplies);
    auto told = std::async(std::launch::async, [this] {
        httplib::Client client = stack_.Client();
        client.set_default_headers({{"Request-Timeout-Ms", std::to_string(1000 * SlowFactor())}});
        return ToTold(stack_.PostOrder(client, "directed-8"));
    });
    ASSERT_TRUE(IsCommitted("directed-8"));
    IsHonest(told.get(), 504, "timed-out");
    auto next = Order("directed-9");
    ASSERT_TRUE(IsCommitted("directed-9"));
    worker->leg->Behave();
    const Told answer = next.get();
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(Committed("directed-9"), std::vector{answer.id});
    EXPECT_EQ(stack_.Metric("holdfast_replies_dropped_total{reason=\"late\"}"), 1);
}

}  // namespace
}  // namespace holdfast::testing
