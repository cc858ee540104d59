#include "tests/unit/worker_core/fakes.h"

namespace holdfast::worker {
namespace {

class Requests : public WorkerFixture {
  protected:
    void SetUp() override { Start({.capacity_requests = 8}); }
};

TEST_F(Requests, AreStartedInTheOrderOfTheirArrivalOverAllGateways) {
    const LinkId one = Join(7);
    const LinkId two = Join(8);
    Request(one, 11);
    Request(two, 21);
    Flush();
    Request(one, 12);
    Flush();
    EXPECT_EQ(StartNext()->id, 11U);
    EXPECT_EQ(StartNext()->id, 21U);
    EXPECT_EQ(StartNext()->id, 12U);
}

TEST_F(Requests, RepliesGoBackWhereTheRequestsCameFrom) {
    const LinkId one = Join(7);
    const LinkId two = Join(8);
    Request(one, 1);
    Request(two, 1);
    Flush();
    Finish(StartNext(), "for one");
    Finish(StartNext(), "for two");
    Flush();
    EXPECT_EQ(Replies(one).at(0).text, "for one");
    EXPECT_EQ(Replies(two).at(0).text, "for two");
    EXPECT_EQ(Sent(two).back().session, 8U);
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Requests, EverythingThatIsReadyGoesIntoOneEnvelope) {
    const LinkId link = Join(7);
    for (std::uint64_t id = 1; id <= 3; ++id) Request(link, id);
    Flush();
    for (int i = 0; i < 3; ++i) Finish(StartNext());
    Ping(link, 9);
    const std::size_t before = Sent(link).size();
    Flush();
    ASSERT_EQ(Sent(link).size(), before + 1);
    EXPECT_EQ(Sent(link).back().replies.size(), 3U);
    EXPECT_TRUE(Sent(link).back().pong.has_value());
    EXPECT_EQ(Sent(link).back().credit->requests_total, 8U + 3U);
}

TEST_F(Requests, AnEnvelopeStaysUnderTheGatewaysLimit) {
    terms.max_message_bytes = 1000;
    const LinkId link = Join(7);
    for (std::uint64_t id = 1; id <= 4; ++id) Request(link, id);
    Flush();
    for (int i = 0; i < 4; ++i) Finish(StartNext(), std::string(300, 'x'));
    const std::size_t before = Sent(link).size();
    Flush();
    EXPECT_EQ(Sent(link).size(), before + 2);
    EXPECT_EQ(Replies(link).size(), 4U);
}

TEST_F(Requests, AnExpiredOneIsDroppedUnstartedAndItsCreditComesBack) {
    const LinkId link = Join(7);
    Request(link, 1, ms(100));
    Request(link, 2, ms(400));
    Flush();
    PassPinged(ms(99));
    EXPECT_EQ(handlers.waiting.size(), 2U);
    PassPinged(ms(1));
    ASSERT_EQ(handlers.waiting.size(), 1U);
    EXPECT_EQ(handlers.waiting.front()->id, 2U);
    EXPECT_EQ(Count(Counter::kDroppedExpired), 1U);
    EXPECT_EQ(Credit(link).requests_total, 8U + 1U);
    EXPECT_TRUE(Replies(link).empty());
}

TEST_F(Requests, AThreadDoesNotStartOneThatExpiredSinceTheLastTick) {
    const LinkId link = Join(7);
    Request(link, 1, ms(100));
    Flush();
    now += ms(100);
    EXPECT_EQ(StartNext(), nullptr);
    EXPECT_EQ(Count(Counter::kDroppedExpired), 1U);
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Requests, ACancelledOneIsDroppedUnstarted) {
    const LinkId link = Join(7);
    Request(link, 1);
    Flush();
    Cancel(link, 1);
    Flush();
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_EQ(Count(Counter::kDroppedCancelled), 1U);
    EXPECT_TRUE(handlers.cancelled.empty());
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Requests, OneThatIsCancelledInTheTurnOfItsArrivalIsNeverHandedOver) {
    const LinkId link = Join(7);
    Request(link, 1);
    Request(link, 2);
    Cancel(link, 1);
    Flush();
    ASSERT_EQ(handlers.waiting.size(), 1U);
    EXPECT_EQ(handlers.waiting.front()->id, 2U);
}

TEST_F(Requests, ACancelledRunningOneIsToldAndGivesItsCreditBackWithoutAReply) {
    const LinkId link = Join(7);
    Request(link, 1);
    Flush();
    RequestRecord* const record = StartNext();
    Cancel(link, 1);
    Cancel(link, 1);
    PassPinged(ms(100));
    EXPECT_EQ(handlers.cancelled, std::set<std::uint64_t>{1});
    EXPECT_EQ(Credit(link).requests_total, 8U);
    Finish(record);
    PassPinged(ms(100));
    EXPECT_TRUE(Replies(link).empty());
    EXPECT_EQ(Credit(link).requests_total, 9U);
}

TEST_F(Requests, ACancelOfAnotherAttemptIsIgnored) {
    const LinkId link = Join(7);
    Request(link, 1, ms(1000), 10, 2);
    Flush();
    Cancel(link, 1, 1);
    EXPECT_EQ(handlers.waiting.size(), 1U);
    EXPECT_EQ(Count(Counter::kCancelsUnknown), 1U);
}

TEST_F(Requests, AReplyWaitsForCreditAndTheLastMayExceedIt) {
    const LinkId link = Join(7, 10);
    for (std::uint64_t id = 1; id <= 3; ++id) Request(link, id);
    Flush();
    for (int i = 0; i < 3; ++i) Finish(StartNext(), "reply", 8);
    Flush();
    EXPECT_EQ(Replies(link).size(), 2U);  // 8 < 10, then 16
    EXPECT_FALSE(blocked);
    worker->OnReplyCredit(link, 7, 16);
    Flush();
    EXPECT_EQ(Replies(link).size(), 2U);
    worker->OnReplyCredit(link, 7, 17);
    Flush();
    EXPECT_EQ(Replies(link).size(), 3U);
}

TEST_F(Requests, OneWhoseReplyWaitsGivesNoCreditBack) {
    const LinkId link = Join(7, 0);
    for (std::uint64_t id = 1; id <= 8; ++id) Request(link, id);
    Flush();
    for (int i = 0; i < 8; ++i) Finish(StartNext());
    PassPinged(ms(200));
    EXPECT_EQ(Credit(link).requests_total, 8U);
    EXPECT_EQ(worker->held(), 8U);
    worker->OnReplyCredit(link, 7, 1000);
    Flush();
    EXPECT_EQ(Credit(link).requests_total, 16U);
}

TEST_F(Requests, ACancelDropsAReplyThatStillWaits) {
    const LinkId link = Join(7, 0);
    Request(link, 1);
    Flush();
    Finish(StartNext());
    Flush();
    Cancel(link, 1);
    worker->OnReplyCredit(link, 7, 1000);
    Tick();
    EXPECT_TRUE(Replies(link).empty());
    EXPECT_EQ(Count(Counter::kRepliesCancelled), 1U);
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Requests, AReplyAboveTheLimitBecomesAFailure) {
    const LinkId link = Join(7);
    Request(link, 1);
    Request(link, 2);
    Flush();
    Finish(StartNext(), "fits", 1000);
    Finish(StartNext(), "too large", 1001);
    Flush();
    EXPECT_EQ(Replies(link).at(0).kind, ReplyKind::kAnswered);
    EXPECT_EQ(Replies(link).at(1).kind, ReplyKind::kFailed);
    EXPECT_EQ(Replies(link).at(1).text, "the reply has 1001 bytes, the gateway takes 1000");
    EXPECT_EQ(Count(Counter::kRepliesTooLarge), 1U);
}

TEST_F(Requests, AReplyThatNoEnvelopeCouldCarryBecomesAFailure) {
    terms.max_message_bytes = 600;
    const LinkId link = Join(7);
    Request(link, 1);
    Flush();
    Finish(StartNext(), std::string(600, 'h'), 10);
    Flush();
    EXPECT_EQ(Replies(link).at(0).kind, ReplyKind::kFailed);
}

TEST_F(Requests, RepliesSurviveAFullPipe) {
    const LinkId link = Join(7);
    Request(link, 1);
    Request(link, 2);
    Flush();
    transmitter.full.insert(link.value);
    Finish(StartNext());
    Flush();
    EXPECT_TRUE(blocked);
    Finish(StartNext());
    Flush();
    transmitter.full.clear();
    Flush();
    EXPECT_EQ(Replies(link).size(), 2U);
    EXPECT_EQ(Credit(link).requests_total, 10U);
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Requests, OneForAServiceThatThePluginHasNotIsReturned) {
    const LinkId link = Join(7);
    RequestItem item;
    item.id = 5;
    item.attempt = 1;
    item.sequence = 1;
    item.served = false;
    EXPECT_TRUE(worker->OnRequest(link, 7, std::move(item), now));
    Flush();
    ASSERT_EQ(Returns(link).size(), 1U);
    EXPECT_EQ(Returns(link)[0].reason, ReturnReason::kNoService);
    EXPECT_EQ(Credit(link).requests_total, 9U);
}

class Stuck : public WorkerFixture {
  protected:
    void SetUp() override {
        Start({.capacity_requests = 8});
        link = Join(7);
        for (std::uint64_t id = 1; id <= 4; ++id) Request(link, id);
        Flush();
        running = StartNext();
        handlers.all_busy_since = now;
    }
    LinkId link;
    RequestRecord* running = nullptr;
};

TEST_F(Stuck, UnstartedRequestsGoBackWhenAllThreadsAreBusyForTooLong) {
    PassPinged(ms(299));
    EXPECT_TRUE(Returns(link).empty());
    PassPinged(ms(1));
    ASSERT_EQ(Returns(link).size(), 3U);
    EXPECT_EQ(Returns(link)[0].id, 2U);
    EXPECT_EQ(Returns(link)[0].reason, ReturnReason::kStuck);
    EXPECT_TRUE(handlers.waiting.empty());
    Ping(link, 9);
    Flush();
    EXPECT_EQ(LastPong(link).started_through, 4U);
}

TEST_F(Stuck, AYoungRequestMayStillWait) {
    PassPinged(ms(100));
    Request(link, 5);
    Flush();
    PassPinged(ms(200));
    EXPECT_EQ(Returns(link).size(), 3U);
    ASSERT_EQ(handlers.waiting.size(), 1U);
    EXPECT_EQ(handlers.waiting.front()->id, 5U);
    PassPinged(ms(100));
    EXPECT_EQ(Returns(link).size(), 4U);
}

TEST_F(Stuck, CreditIsWithheldUntilAThreadIsFree) {
    PassPinged(ms(400));
    EXPECT_EQ(Credit(link).requests_total, 8U);
    handlers.all_busy_since = TimePoint::max();
    Finish(running);
    PassPinged(ms(50));
    EXPECT_EQ(Credit(link).requests_total, 12U);
    EXPECT_EQ(Credit(link).bytes_total, (64U << 20U) + 40U);
}

TEST_F(Stuck, ThreadsThatTakeNewRequestsAreNotStuck) {
    for (int i = 0; i < 4; ++i) {
        PassPinged(ms(200));
        handlers.all_busy_since = now;
    }
    EXPECT_TRUE(Returns(link).empty());
}

}  // namespace
}  // namespace holdfast::worker
