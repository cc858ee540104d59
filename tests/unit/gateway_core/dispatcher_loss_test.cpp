// What a worker's loss, and a request that it hands back, mean for the requests that it had.
#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::SizeIs;

TEST_F(DispatcherTest, ARequestThatIsNotIdempotentEndsWithItsWorker) {
    const FakeWorker a = Connect("a");
    Connect("b");
    SendTo(a);
    Lose(a);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerLost);
    EXPECT_EQ(ended.progress, Progress::kSent);
    EXPECT_EQ(ended.attempts, 1U);
    EXPECT_EQ(Count(Counter::kRedispatches), 0U);
}

TEST_F(DispatcherTest, AnIdempotentRequestGoesToAnotherWorkerOnce) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const FakeWorker c = Connect("c");
    const OutgoingRequest first = SendTo(a, {.idempotent = true});
    Lose(a);
    const OutgoingRequest second = FlushTo(b).at(0);
    EXPECT_EQ(second.id, first.id);
    EXPECT_EQ(second.attempt, 2U);
    EXPECT_EQ(Count(Counter::kRedispatches), 1U);
    Lose(b);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerLost);
    EXPECT_EQ(ended.attempts, 2U);
    EXPECT_THAT(FlushTo(c), SizeIs(0));
}

TEST_F(DispatcherTest, ARedispatchedRequestIsAnsweredByItsSecondWorkerOnly) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const OutgoingRequest first = SendTo(a, {.idempotent = true});
    Lose(a);
    const OutgoingRequest second = FlushTo(b).at(0);
    Reply(a, first);
    EXPECT_EQ(Count(Counter::kItemsOfOtherSession), 1U);
    Reply(b, second.id, 1);
    EXPECT_EQ(Count(Counter::kRepliesNotOwner), 1U);
    Reply(b, second);
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
}

TEST_F(DispatcherTest, AnIdempotentRequestWithNoOtherWorkerIsLost) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.idempotent = true});
    Lose(a);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerLost);
    EXPECT_EQ(ended.progress, Progress::kSent);
}

TEST_F(DispatcherTest, AnIdempotentRequestMayWaitForAnotherWorkerAsItsRouteSays) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.idempotent = true, .wait_for_worker = 1s});
    Lose(a);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    const FakeWorker b = Connect("b");
    EXPECT_THAT(FlushTo(b), SizeIs(1));
}

TEST_F(DispatcherTest, AnIdempotentRequestThatWaitedInVainIsLost) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.idempotent = true, .wait_for_worker = 1s});
    Lose(a);
    Advance(1001ms);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerLost);
    EXPECT_EQ(ended.progress, Progress::kSent);
}

TEST_F(DispatcherTest, ASuspectThatTimesOutInTheQueueIsOfUnknownOutcome) {
    const FakeWorker a = Connect("a");
    Connect("b", 0);
    SendTo(a, {.idempotent = true, .timeout = 200ms});
    Lose(a);
    Advance(201ms);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kTimedOut);
    EXPECT_EQ(ended.progress, Progress::kSent);
}

TEST_F(DispatcherTest, SuspectsGoOneToAWorkerAtATime) {
    const FakeWorker a = Connect("a");
    for (int i = 0; i < 3; ++i) SendTo(a, {.idempotent = true});
    FakeWorker b = Connect("b", 0);
    Lose(a);
    Grant(b, 10);
    const auto first = FlushTo(b);
    ASSERT_THAT(first, SizeIs(1));
    Reply(b, first[0]);  // its end makes room for the next one, without a message about credit
    const auto second = FlushTo(b);
    ASSERT_THAT(second, SizeIs(1));
    EXPECT_NE(second[0].id, first[0].id);
    Lose(b);
    // One was with the second lost worker; the last one is still in the queue with nobody left.
    const auto ended = TakeEnded();
    ASSERT_THAT(ended, SizeIs(3));
    EXPECT_EQ(ended[1].attempts, 2U);
    EXPECT_EQ(ended[2].attempts, 1U);
    EXPECT_EQ(ended[2].outcome, Outcome::kWorkerLost);
}

TEST_F(DispatcherTest, ASuspectThatTimesOutAtAStuckWorkerLetsTheNextOneGo) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.idempotent = true, .timeout = 200ms});
    SendTo(a, {.idempotent = true, .timeout = 20s});
    const FakeWorker b = Connect("b");
    Lose(a);
    EXPECT_THAT(FlushTo(b), SizeIs(1));
    Advance(201ms);
    EXPECT_EQ(TakeOne().outcome, Outcome::kTimedOut);
    EXPECT_THAT(FlushTo(b), SizeIs(1));
}

TEST_F(DispatcherTest, WhatALostWorkerHadGoesOnInItsOrder) {
    const FakeWorker a = Connect("a", 4);
    FakeWorker b = Connect("b", 0);
    std::vector<CorrelationId> suspects;
    for (int i = 0; i < 2; ++i) suspects.push_back(SendTo(a, {.idempotent = true}).id);
    std::vector<CorrelationId> ordinary;
    for (int i = 0; i < 4; ++i) ordinary.push_back(Submit()->id);  // two assigned, two queued
    dispatcher_->OnMalformed(a.peer, Counter::kMalformedEnvelope, now_);
    Grant(b, 10);
    const auto sent = FlushTo(b);
    ASSERT_THAT(sent, SizeIs(5));
    EXPECT_EQ(sent[0].id, suspects[0]);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(sent[i + 1].id, ordinary[i]);
    Reply(b, sent[0]);
    EXPECT_EQ(FlushTo(b).at(0).id, suspects[1]);
}

TEST_F(DispatcherTest, SuspectsThatWaitHoldUpNoOtherRequest) {
    const FakeWorker a = Connect("a");
    for (int i = 0; i < 3; ++i) SendTo(a, {.idempotent = true});
    const FakeWorker b = Connect("b");
    Lose(a);
    const DeferredRef ordinary = Submit();
    const auto sent = FlushTo(b);
    ASSERT_THAT(sent, SizeIs(2));
    EXPECT_EQ(sent[1].id, ordinary->id);
}

TEST_F(DispatcherTest, TheRedispatchBudgetBoundsTheStorm) {
    options_.redispatch_burst = 2;
    options_.redispatch_rate = 10;
    Restart();
    const FakeWorker a = Connect("a");
    for (int i = 0; i < 5; ++i) SendTo(a, {.idempotent = true});
    FakeWorker b = Connect("b", 0);
    Lose(a);
    const auto ended = TakeEnded();
    ASSERT_THAT(ended, SizeIs(3));
    for (const Ended& one : ended) EXPECT_EQ(one.outcome, Outcome::kWorkerLost);
    EXPECT_EQ(Count(Counter::kRedispatches), 2U);
    EXPECT_EQ(Count(Counter::kRedispatchesRefused), 3U);
}

TEST_F(DispatcherTest, RequestsThatWereNotSentGoElsewhereWhenTheirWorkerIsLost) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const DeferredRef assigned = Submit();
    transmitter_.results[a.peer] = TransmitResult::kUnreachable;
    EXPECT_THAT(FlushTo(b), SizeIs(0));
    dispatcher_->ConfirmLost(now_);
    const auto sent = FlushTo(b);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].id, assigned->id);
    EXPECT_EQ(sent[0].attempt, 1U) << "the first one was not an attempt";
    EXPECT_EQ(Count(Counter::kRedispatches), 0U);
}

TEST_F(DispatcherTest, RequestsThatWereNotSentAreNotProcessedWhenNoWorkerIsLeft) {
    const FakeWorker a = Connect("a");
    Submit();
    dispatcher_->OnMalformed(a.peer, Counter::kMalformedEnvelope, now_);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kNoWorker);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(ended.attempts, 0U);
}

TEST_F(DispatcherTest, RequestsGoElsewhereWhenTheirWorkersPipeIsFull) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const DeferredRef deferred = Submit();
    transmitter_.results[a.peer] = TransmitResult::kFull;
    const auto sent = FlushTo(b);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].id, deferred->id);
    EXPECT_EQ(sent[0].attempt, 1U);
    EXPECT_GE(Count(Counter::kSendsFull), 1U);
}

TEST_F(DispatcherTest, RequestsGoElsewhereInTheSameFlushThoughTheOtherHadItsTurn) {
    const FakeWorker first = Connect("first");
    const FakeWorker second = Connect("second");
    const OutgoingRequest busy = SendTo(first);
    Submit();  // to the second, by least outstanding
    Reply(first, busy);
    transmitter_.results[second.peer] = TransmitResult::kFull;
    EXPECT_THAT(FlushTo(first), SizeIs(1));
}

TEST_F(DispatcherTest, AFullPipeIsTriedAgainALittleLater) {
    const FakeWorker a = Connect("a");
    transmitter_.results[a.peer] = TransmitResult::kFull;
    Submit();
    EXPECT_TRUE(dispatcher_->Flush(transmitter_, now_));
    EXPECT_TRUE(dispatcher_->Flush(transmitter_, now_));
    EXPECT_EQ(Count(Counter::kSendsFull), 1U) << "it is left alone for a while";
    EXPECT_LE(dispatcher_->NextTick(now_), now_ + 10ms);
    transmitter_.results.clear();
    now_ += 10ms;
    EXPECT_THAT(FlushTo(a), SizeIs(1));
    EXPECT_FALSE(dispatcher_->Flush(transmitter_, now_));
}

TEST_F(DispatcherTest, AReturnedRequestIsPlacedAgainWithTheNextAttempt) {
    const FakeWorker a = Connect("a", 2);
    const FakeWorker b = Connect("b");
    const OutgoingRequest sent = SendTo(a);
    SendTo(b);
    SendTo(a);  // its credit is used up
    Return(a, sent);
    const auto again = FlushTo(b);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].id, sent.id);
    EXPECT_EQ(again[0].attempt, 2U);
    EXPECT_EQ(Count(Counter::kReturnsReceived), 1U);
    EXPECT_EQ(Count(Counter::kRedispatches), 0U) << "it was safe without a budget";
}

TEST_F(DispatcherTest, AReturnedRequestThatFindsNoWorkerWasNotProcessed) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    dispatcher_->OnGoodbye(a.peer, a.session, now_);
    Return(a, sent);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kNoWorker);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
}

TEST_F(DispatcherTest, AReturnedRequestStandsFirstInTheQueueEvenIfThatIsFull) {
    options_.queue_requests = 1;
    Restart();
    FakeWorker a = Connect("a", 1);
    const OutgoingRequest sent = SendTo(a);
    Submit();
    Return(a, sent);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    Grant(a, 1);
    EXPECT_EQ(FlushTo(a).at(0).id, sent.id);
}

TEST_F(DispatcherTest, AReturnedRequestStillTimesOutAsNotProcessed) {
    const FakeWorker a = Connect("a", 1);
    const OutgoingRequest sent = SendTo(a, {.timeout = 300ms});
    Return(a, sent);
    Advance(301ms);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kTimedOut);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_THAT(CancelsTo(a), SizeIs(0));
}

TEST_F(DispatcherTest, ARequestThatKeepsComingBackIsUnavailable) {
    FakeWorker a = Connect("a", 1000);
    OutgoingRequest sent = SendTo(a);
    int returns = 0;
    for (;;) {
        Return(a, sent);
        ASSERT_LE(++returns, 100);
        const auto again = FlushTo(a);
        if (again.empty()) break;
        sent = again[0];
    }
    EXPECT_EQ(returns, 16);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kUnavailable);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(ended.attempts, 16U);
}

TEST_F(DispatcherTest, ARequestThatWaitedBehindSlowHandlersIsBoundedByItsDeadlineAlone) {
    FakeWorker a = Connect("a", 1000);
    OutgoingRequest sent = SendTo(a, {.timeout = 300s});
    // More often than a byte counts: the attempt is never 0, which workers take for malformed.
    for (std::uint32_t returns = 1; returns <= 600; ++returns) {
        Advance(300ms);
        Pong(a);
        Return(a, sent);
        const auto again = FlushTo(a);
        ASSERT_EQ(again.size(), 1U);
        sent = again[0];
        ASSERT_EQ(sent.attempt, returns + 1);
    }
    Reply(a, sent);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kReplied);
    EXPECT_EQ(ended.attempts, 601U);
}

TEST_F(DispatcherTest, AWorkerThatHandsBackComesLastForAWhile) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const OutgoingRequest stuck = SendTo(a);
    for (const FakeWorker& to : {b, a, b}) SendTo(to);
    Return(a, stuck);
    EXPECT_EQ(FlushTo(b).at(0).id, stuck.id) << "it went straight back to the one less loaded";
    SendTo(b);
    for (int i = 0; i < 2; ++i) {
        Advance(500ms);
        Pong(a);
        Pong(b);
    }
    SendTo(a);
}

TEST_F(DispatcherTest, WhatComesBackTogetherKeepsItsOrder) {
    FakeWorker a = Connect("a", 3);
    std::vector<OutgoingRequest> sent;
    for (int i = 0; i < 3; ++i) sent.push_back(SendTo(a));
    Submit();
    dispatcher_->OnReturns(
        a.peer, a.session,
        std::vector<ReturnItem>{{sent[0].id, 1}, {sent[1].id, 1}, {sent[2].id, 1}}, now_);
    for (const OutgoingRequest& earlier : sent) {
        Grant(a, 1);
        const auto again = FlushTo(a);
        ASSERT_THAT(again, SizeIs(1));
        EXPECT_EQ(again[0].id, earlier.id);
    }
}

TEST_F(DispatcherTest, WhatComesBackTogetherIsSentInItsOrderThoughCreditIsShort) {
    FakeWorker a = Connect("a", 4);
    std::vector<OutgoingRequest> sent;
    for (int i = 0; i < 3; ++i) sent.push_back(SendTo(a));
    dispatcher_->OnReturns(
        a.peer, a.session,
        std::vector<ReturnItem>{{sent[0].id, 1}, {sent[1].id, 1}, {sent[2].id, 1}}, now_);
    const auto again = FlushTo(a);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].id, sent[0].id);
}

TEST_F(DispatcherTest, AReturnOfWhatTheWorkerDoesNotHaveIsCounted) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const OutgoingRequest sent = SendTo(a);
    Return(b, sent);
    Return(a, {.id = sent.id, .attempt = 9});
    Return(a, {.id = CorrelationId(99, 99), .attempt = 1});
    Reply(a, sent);
    Return(a, sent);
    EXPECT_EQ(Count(Counter::kReturnsStale), 4U);
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
}

TEST_F(DispatcherTest, AReturnedSuspectStaysASuspect) {
    const FakeWorker a = Connect("a");
    FakeWorker b = Connect("b", 1);
    SendTo(a, {.idempotent = true});
    Lose(a);
    Return(b, FlushTo(b).at(0));
    Grant(b, 1);
    EXPECT_EQ(FlushTo(b).at(0).attempt, 3U);
    Lose(b);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerLost);
    EXPECT_EQ(ended.progress, Progress::kSent);
}

}  // namespace
}  // namespace holdfast::gateway
