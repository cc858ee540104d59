// Which worker gets a request, how many it gets, and what happens to those that none can take.
#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::SizeIs;

TEST_F(DispatcherTest, ARequestGoesToItsServicesWorkerWithItsFirstAttemptAndSequence) {
    const FakeWorker beta = Connect("b", 10, {"beta"});
    const FakeWorker alpha = Connect("a");
    const OutgoingRequest sent = SendTo(alpha, {.timeout = 5s});
    EXPECT_EQ(sent.attempt, 1U);
    EXPECT_EQ(sent.sequence, 1U);
    EXPECT_EQ(sent.timeout_ms, 5000U);
    EXPECT_EQ(SendTo(alpha).sequence, 2U);
    EXPECT_EQ(SendTo(beta, {.service = 1}).sequence, 1U);
    EXPECT_EQ(Count(Counter::kRequestsSent), 3U);
}

TEST_F(DispatcherTest, LeastOutstandingGoesFirst) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const OutgoingRequest first = SendTo(a);
    SendTo(b);
    Reply(a, first);
    SendTo(a);
    SendTo(a);
    SendTo(b);
}

TEST_F(DispatcherTest, AssignedRequestsCountAsOutstandingBeforeTheyAreSent) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    for (int i = 0; i < 6; ++i) Submit();
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_THAT(envelopes[0].requests, SizeIs(3));
    EXPECT_THAT(envelopes[1].requests, SizeIs(3));
}

TEST_F(DispatcherTest, AWorkerGetsNoMoreThanItsCreditInRequests) {
    FakeWorker a = Connect("a", 2);
    for (int i = 0; i < 5; ++i) Submit();
    const auto sent = FlushTo(a);
    EXPECT_THAT(sent, SizeIs(2));
    EXPECT_EQ(Look().services[0].queued, 3U);
    // Totals of the session: a reply alone gives nothing back.
    Reply(a, sent[0]);
    EXPECT_THAT(FlushTo(a), SizeIs(0));
    Grant(a, 1);
    EXPECT_THAT(FlushTo(a), SizeIs(1));
}

TEST_F(DispatcherTest, OnlyTheLastRequestMayExceedTheCreditInBytes) {
    const FakeWorker a = Connect("a", 0);
    dispatcher_->OnRequestCredit(a.peer, a.session, {100, 1500}, now_);
    for (int i = 0; i < 4; ++i) Submit({.body_bytes = 1000});
    EXPECT_THAT(FlushTo(a), SizeIs(2));
    dispatcher_->OnRequestCredit(a.peer, a.session, {100, 2100}, now_);
    EXPECT_THAT(FlushTo(a), SizeIs(1));
}

TEST_F(DispatcherTest, ARequestLargerThanTheWholeWindowIsSentToAnIdleWorker) {
    const FakeWorker a = Connect("a", 0);
    dispatcher_->OnRequestCredit(a.peer, a.session, {100, 10}, now_);
    Submit({.body_bytes = 5000});
    EXPECT_THAT(FlushTo(a), SizeIs(1));
}

TEST_F(DispatcherTest, QueuedRequestsKeepTheirOrder) {
    FakeWorker a = Connect("a", 0);
    std::vector<CorrelationId> submitted;
    for (int i = 0; i < 5; ++i) submitted.push_back(Submit()->id);
    Grant(a, 2);
    submitted.push_back(Submit()->id);  // may not overtake those that wait
    Grant(a, 10);
    std::vector<CorrelationId> sent;
    for (const OutgoingRequest& request : FlushTo(a)) sent.push_back(request.id);
    EXPECT_EQ(sent, submitted);
}

TEST_F(DispatcherTest, TheQueueIsBoundedInRequests) {
    options_.queue_requests = 3;
    Restart();
    const FakeWorker a = Connect("a", 1);
    for (int i = 0; i < 4; ++i) Submit();
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    const DeferredRef refused = Submit();
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.deferred, refused.get());
    EXPECT_EQ(ended.outcome, Outcome::kOverloaded);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(ended.attempts, 0U);
}

TEST_F(DispatcherTest, TheQueueIsBoundedInBytes) {
    options_.queue_bytes = 2500;
    Restart();
    FakeWorker a = Connect("a", 0);
    Submit({.body_bytes = 1000});
    Submit({.body_bytes = 1000});
    Submit({.body_bytes = 1000});
    EXPECT_EQ(TakeOne().outcome, Outcome::kOverloaded);
    Grant(a, 1);
    Submit({.body_bytes = 1000});
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    Grant(a, 10);
    EXPECT_EQ(Look().services[0].queued_bytes, 0U);
}

TEST_F(DispatcherTest, QueuesOfDifferentServicesAreBoundedApart) {
    options_.queue_requests = 1;
    Restart();
    Connect("a", 0, {"alpha", "beta"});
    Submit({.service = 0});
    Submit({.service = 1});
    EXPECT_THAT(TakeEnded(), SizeIs(0));
}

TEST_F(DispatcherTest, AFullTableRefusesAsOverloaded) {
    options_.pending_requests = 2;
    Restart();
    const FakeWorker a = Connect("a");
    const OutgoingRequest first = SendTo(a);
    SendTo(a);
    Submit();
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kOverloaded);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(ended.id.slot(), CorrelationId::kUnsuspendedSlot);
    Reply(a, first);
    TakeEnded();
    SendTo(a);
}

TEST_F(DispatcherTest, WithoutAWorkerARequestFailsAtOnce) {
    Connect("b", 10, {"beta"});
    Submit();
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kNoWorker);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(dispatcher_->pending(), 0U);
}

TEST_F(DispatcherTest, WithoutAWorkerARequestWaitsAsLongAsItsRouteSays) {
    Submit({.wait_for_worker = 300ms});
    Advance(299ms);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    Advance(2ms);
    EXPECT_EQ(TakeOne().outcome, Outcome::kNoWorker);
}

TEST_F(DispatcherTest, WaitingForAWorkerEndsAtTheDeadlineIfThatIsSooner) {
    Submit({.timeout = 100ms, .wait_for_worker = 10s});
    Advance(101ms);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kTimedOut);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
}

TEST_F(DispatcherTest, AWorkerThatComesInTimeTakesWhatWaitedForIt) {
    Submit({.timeout = 5s, .wait_for_worker = 300ms});
    Advance(200ms);
    FakeWorker a = Connect("a", 0);
    Advance(200ms);  // past wait_for_worker: it waits for credit now, as with any worker
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    Grant(a, 1);
    EXPECT_THAT(FlushTo(a), SizeIs(1));
    for (int i = 0; i < 60; ++i) {
        Advance(100ms);
        Pong(a);
    }
    EXPECT_EQ(TakeOne().outcome, Outcome::kTimedOut);
}

TEST_F(DispatcherTest, WaitingRequestsFailWhenTheLastWorkerIsLost) {
    const FakeWorker a = Connect("a", 0);
    Submit();
    Submit({.wait_for_worker = 1s});
    Lose(a);
    EXPECT_EQ(TakeOne().outcome, Outcome::kNoWorker);
    EXPECT_EQ(dispatcher_->pending(), 1U);
    Advance(1001ms);
    EXPECT_EQ(TakeOne().outcome, Outcome::kNoWorker);
}

TEST_F(DispatcherTest, ACreditTotalThatShrinksEndsTheSession) {
    for (const RequestCreditItem credit :
         {RequestCreditItem{9, 1U << 30U}, RequestCreditItem{10, 5}}) {
        const FakeWorker a = Connect("a", 10);
        const auto malformed = Count(Counter::kMalformedCredit);
        dispatcher_->OnRequestCredit(a.peer, a.session, credit, now_);
        EXPECT_EQ(Count(Counter::kMalformedCredit), malformed + 1);
        EXPECT_EQ(events_.back().kind, WorkerEvent::Kind::kLost);
        EXPECT_EQ(events_.back().reason, "credit");
        EXPECT_FALSE(dispatcher_->HasWorkerFor(0));
    }
}

TEST_F(DispatcherTest, TheSameCreditSaidTwiceIsHarmless) {
    FakeWorker a = Connect("a", 3);
    Grant(a, 0);
    EXPECT_TRUE(dispatcher_->HasWorkerFor(0));
}

TEST_F(DispatcherTest, CreditOfACancelledUnsentRequestGoesToTheNextInTheQueue) {
    const FakeWorker a = Connect("a", 1);
    const DeferredRef assigned = Submit();
    const DeferredRef waits = Submit();
    Cancel(assigned);
    const auto sent = FlushTo(a);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].id, waits->id);
}

TEST_F(DispatcherTest, CreditOfAnExpiredUnsentRequestGoesToTheNextInTheQueueOfAnyService) {
    const FakeWorker a = Connect("a", 1, {"alpha", "beta"});
    Submit({.timeout = 5ms});
    const DeferredRef waits = Submit({.service = 1});
    now_ += 10ms;
    const auto sent = FlushTo(a);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].id, waits->id);
    EXPECT_EQ(TakeOne().outcome, Outcome::kTimedOut);
}

TEST_F(DispatcherTest, AWorkerOfSeveralServicesSharesItsCreditAmongThem) {
    FakeWorker a = Connect("a", 1, {"alpha", "beta", "alpha", "gamma"});
    Submit({.service = 0});
    Submit({.service = 1});
    EXPECT_THAT(FlushTo(a), SizeIs(1));
    Grant(a, 1);
    EXPECT_THAT(FlushTo(a), SizeIs(1));
}

}  // namespace
}  // namespace holdfast::gateway
