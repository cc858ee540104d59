// The leg between a real Bus and scripted workers over real sockets: sessions and requests.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/leg_under_test.h"

namespace holdfast::test {
namespace {

using gateway::Counter;
using gateway::Outcome;
using gateway::Progress;
using std::chrono::milliseconds;

class LegTest : public testing::Test {
  protected:
    zmq::context_t context_;
};

TEST_F(LegTest, AProbeIsAnsweredWhoAreYouAndAHelloIsWelcomed) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    const auto asked = worker.NextWhoAreYou();
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->protocol(), 1U);
    EXPECT_FALSE(leg.bus->HasWorkerFor(0));
    ASSERT_TRUE(worker.JoinAs(worker.MakeHello()));
    EXPECT_NE(worker.session(), 0U);
    EXPECT_EQ(worker.welcome().gateway(), "gateway-under-test");
    EXPECT_EQ(worker.welcome().max_message_bytes(), 2U << 20U);
    EXPECT_TRUE(leg.Serves());
    EXPECT_TRUE(leg.Logged("worker welcomed: instance fake-1"));
    EXPECT_TRUE(leg.Logged("services orders"));
}

TEST_F(LegTest, AnotherProtocolVersionIsRefusedAndToldWhichOneIsSpoken) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    wire::Envelope envelope;
    *envelope.mutable_hello() = worker.MakeHello();
    envelope.mutable_hello()->set_protocol(7);
    worker.Send(envelope);
    const auto refused = worker.NextRefused();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason(), wire::Refused::PROTOCOL);
    EXPECT_EQ(refused->protocol(), 1U);
    EXPECT_EQ(leg.Count(Counter::kWorkersRefused), 1U);
    EXPECT_FALSE(leg.bus->HasWorkerFor(0));
}

TEST_F(LegTest, AHelloWithBadNamesIsRefusedAndCounted) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    worker.services = {"or ders"};
    wire::Envelope envelope;
    *envelope.mutable_hello() = worker.MakeHello();
    worker.Send(envelope);
    const auto refused = worker.NextRefused();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason(), wire::Refused::BAD_HELLO);
    EXPECT_EQ(leg.Count(Counter::kMalformedHello), 1U);
}

TEST_F(LegTest, ARequestIsAnswered) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("hello");
    const auto request = worker.NextRequest();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->service(), "orders");
    EXPECT_EQ(request->route(), "/v1/orders");
    EXPECT_EQ(request->method(), "POST");
    EXPECT_EQ(request->body(), "hello");
    ASSERT_EQ(request->headers_size(), 1);
    EXPECT_EQ(request->headers(0).name(), "content-type");
    EXPECT_EQ(request->attempt(), 1U);
    EXPECT_GT(request->timeout_ms(), 0U);
    worker.Answer(*request, 201, "there");
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, Outcome::kReplied);
    EXPECT_EQ(completion->reply.status, 201U);
    EXPECT_EQ(completion->reply.body, "there");
    EXPECT_EQ(completion->id.value(), request->id());
}

TEST_F(LegTest, RequestsOfOneTurnShareAnEnvelopeAndEachIsAnsweredOnce) {
    constexpr std::size_t kRequests = 500;
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join(0));
    ASSERT_TRUE(leg.Serves());
    for (std::size_t i = 0; i < kRequests; ++i) leg.Submit(std::to_string(i));
    ASSERT_TRUE(LegUnderTest::Eventually(
        [&] { return leg.snapshots.Get(milliseconds(1000))->pending == kRequests; }));
    worker.Grant(kRequests);
    wire::Envelope replies;
    replies.set_session(worker.session());
    for (std::size_t i = 0; i < kRequests; ++i) {
        const auto request = worker.NextRequest();
        ASSERT_TRUE(request);
        wire::Reply& reply = *replies.add_replies();
        reply.set_id(request->id());
        reply.set_attempt(1);
        reply.set_status(200);
        reply.set_body(request->body());
    }
    EXPECT_LE(worker.envelopes_with_requests(), 2U);
    worker.Send(replies);
    std::set<std::string> bodies;
    for (std::size_t i = 0; i < kRequests; ++i) {
        const auto completion = leg.loop.Next();
        ASSERT_TRUE(completion);
        EXPECT_EQ(completion->outcome, Outcome::kReplied);
        bodies.insert(completion->reply.body);
    }
    EXPECT_EQ(bodies.size(), kRequests);
    EXPECT_FALSE(leg.loop.Next(milliseconds(0)));
}

TEST_F(LegTest, ACancelReachesTheWorker) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    const auto deferred = leg.Submit("x");
    const auto request = worker.NextRequest();
    ASSERT_TRUE(request);
    leg.Cancel(deferred);
    const auto cancel = worker.NextCancel();
    ASSERT_TRUE(cancel);
    EXPECT_EQ(cancel->id(), request->id());
    EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kCancelled);
    worker.Answer(*request, 200, "late");
    EXPECT_TRUE(LegUnderTest::Eventually([&] { return leg.Count(Counter::kRepliesLate) == 1; }));
}

TEST_F(LegTest, NoWorkerIsSaidAtOnce) {
    LegUnderTest leg;
    leg.Submit("x");
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, Outcome::kNoWorker);
    EXPECT_EQ(completion->progress, Progress::kNeverSent);
}

TEST_F(LegTest, ARequestThatNobodyAnswersTimesOutAndIsCancelled) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("x", false, std::chrono::seconds(2));
    ASSERT_TRUE(worker.NextRequest());
    EXPECT_TRUE(worker.NextCancel());
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, Outcome::kTimedOut);
    EXPECT_EQ(completion->progress, Progress::kSent);
}

TEST_F(LegTest, ItemsOfAnotherSessionAreCountedAndDropped) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("x");
    const auto request = worker.NextRequest();
    ASSERT_TRUE(request);
    wire::Envelope foreign;
    foreign.set_session(worker.session() + 1);
    wire::Reply& reply = *foreign.add_replies();
    reply.set_id(request->id());
    reply.set_attempt(1);
    worker.Send(foreign);
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kItemsOfOtherSession) == 1; }));
    worker.Answer(*request, 200, "mine");
    EXPECT_EQ(leg.loop.Next()->reply.body, "mine");
}

TEST_F(LegTest, SnapshotsComeFromTheRunningBus) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    const auto snapshot = leg.snapshots.Get(milliseconds(5000));
    ASSERT_NE(snapshot, nullptr);
    ASSERT_EQ(snapshot->workers.size(), 1U);
    EXPECT_EQ(snapshot->workers[0].instance, "fake-1");
    EXPECT_EQ(snapshot->workers[0].pid, 4711U);
    EXPECT_LT(leg.watchdog.Lag(gateway::Clock::now()), std::chrono::seconds(5));
}

TEST_F(LegTest, AnAddressThatIsTakenOrWrongIsSaidAtConstruction) {
    LegUnderTest leg;
    gateway::BusOptions options;
    options.port = leg.port();
    const auto construct = [&] {
        gateway::Bus second(options, leg.replies, leg.snapshots, leg.inquiries, leg.counters,
                            leg.watchdog, [](gateway::BusLogLevel, std::string_view) {});
    };
    const auto message = [&]() -> std::string {
        try {
            construct();
        } catch (const std::exception& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_NE(message().find("tcp://127.0.0.1:" + std::to_string(leg.port())), std::string::npos);
    EXPECT_NE(message().find("in use"), std::string::npos);
    options.address = "localhost:5570";
    EXPECT_NE(message().find("'localhost:5570'"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
