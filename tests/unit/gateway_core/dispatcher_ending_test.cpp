// How a request ends, once: by a reply, its deadline, a cancel or the gateway's own end.
#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::SizeIs;

TEST_F(DispatcherTest, AReplyCompletesItsRequestOnce) {
    const FakeWorker a = Connect("a");
    const DeferredRef deferred = Submit();
    const OutgoingRequest sent = FlushTo(a).at(0);
    EXPECT_EQ(deferred->id, sent.id);
    now_ += 3ms;
    Reply(a, sent);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.deferred, deferred.get());
    EXPECT_EQ(ended.id, sent.id);
    EXPECT_EQ(ended.outcome, Outcome::kReplied);
    EXPECT_EQ(ended.attempts, 1U);
    EXPECT_EQ(ended.status, 200U);
    EXPECT_EQ(ended.stamps.submitted, now_ - 3ms);
    EXPECT_EQ(ended.stamps.sent, now_ - 3ms);
    EXPECT_EQ(dispatcher_->pending(), 0U);
    Advance(20s);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
}

TEST_F(DispatcherTest, AFailedReplyIsAWorkerErrorWithItsDetail) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    Reply(a, sent.id, 1, Reply::Kind::kFailed);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerError);
    EXPECT_EQ(ended.progress, Progress::kSent);
    EXPECT_EQ(ended.detail, "detail");
}

TEST_F(DispatcherTest, ANotProcessedReplyIsUnavailableAndSafeToRetry) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    Pong(a, sent.sequence);  // started, and then refused before it did anything
    Reply(a, sent.id, 1, Reply::Kind::kNotProcessed);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kUnavailable);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
}

TEST_F(DispatcherTest, ANotProcessedReplyOfASuspectIsNotSafeToRetry) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    SendTo(a, {.idempotent = true});
    Lose(a);
    const OutgoingRequest again = FlushTo(b).at(0);
    Reply(b, again.id, again.attempt, Reply::Kind::kNotProcessed);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kUnavailable);
    EXPECT_EQ(ended.progress, Progress::kSent);
}

TEST_F(DispatcherTest, AReplyLargerThanAllowedIsAWorkerError) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    Reply(a, sent.id, 1, Reply::Kind::kAnswered, options_.max_reply_bytes + 1);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kWorkerError);
    EXPECT_EQ(ended.status, 0U);
    EXPECT_THAT(ended.detail, testing::HasSubstr("1048577"));
    EXPECT_EQ(Count(Counter::kMalformedReply), 1U);
    EXPECT_EQ(replies_->held(), 0U);
    EXPECT_TRUE(dispatcher_->HasWorkerFor(0));
}

TEST_F(DispatcherTest, AnOversizedReplyIsNotKeptWhateverItSays) {
    keep_replies_ = true;
    const FakeWorker a = Connect("a");
    for (const auto kind : {gateway::Reply::Kind::kAnswered, gateway::Reply::Kind::kFailed,
                            gateway::Reply::Kind::kNotProcessed}) {
        Reply(a, SendTo(a).id, 1, kind, options_.max_reply_bytes + 1);
        EXPECT_EQ(TakeOne().outcome, kind == gateway::Reply::Kind::kNotProcessed
                                         ? Outcome::kUnavailable
                                         : Outcome::kWorkerError);
        EXPECT_EQ(replies_->held(), 0U);
    }
}

TEST_F(DispatcherTest, ADeadlineBeforeTheSendIsNotProcessed) {
    FakeWorker a = Connect("a", 0);
    Submit({.timeout = 100ms});
    Advance(99ms);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    Advance(2ms);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kTimedOut);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    Grant(a, 5);
    EXPECT_THAT(FlushTo(a), SizeIs(0));
}

TEST_F(DispatcherTest, ADeadlineAfterTheSendIsUnknownAndCancelledAtTheWorker) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a, {.timeout = 100ms});
    Advance(101ms);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kTimedOut);
    EXPECT_EQ(ended.progress, Progress::kSent);
    const auto cancels = CancelsTo(a);
    ASSERT_THAT(cancels, SizeIs(1));
    EXPECT_EQ(cancels[0].id, sent.id);
    EXPECT_EQ(cancels[0].attempt, 1U);
    EXPECT_EQ(Count(Counter::kCancelsSent), 1U);
}

TEST_F(DispatcherTest, ADeadlineAfterTheWorkerSaidThatItStartedIsStarted) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.timeout = 100ms});
    SendTo(a, {.timeout = 100ms});
    Pong(a, 1);
    Advance(101ms);
    const auto ended = TakeEnded();
    ASSERT_THAT(ended, SizeIs(2));
    EXPECT_NE(ended[0].progress, ended[1].progress);
    for (const Ended& one : ended) {
        EXPECT_EQ(one.progress, one.id.slot() == 0 ? Progress::kStarted : Progress::kSent);
    }
}

TEST_F(DispatcherTest, WhatAWorkerSaysItStartedNeverShrinksNorRunsAhead) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.timeout = 100ms});
    Pong(a, 1);
    Pong(a, 0);
    Pong(a, 1'000'000);
    SendTo(a, {.timeout = 200ms});
    Advance(101ms);
    EXPECT_EQ(TakeOne().progress, Progress::kStarted);
    Advance(101ms);
    EXPECT_EQ(TakeOne().progress, Progress::kSent);
}

TEST_F(DispatcherTest, ARequestThatIsLateWhenItIsSubmittedIsNotSuspended) {
    Connect("a");
    Submit({.timeout = 0s});
    EXPECT_EQ(TakeOne().outcome, Outcome::kTimedOut);
    EXPECT_EQ(dispatcher_->pending(), 0U);
}

TEST_F(DispatcherTest, AnExpiredRequestIsNeverTransmitted) {
    const FakeWorker a = Connect("a");
    Submit({.timeout = 5ms});
    Submit({.timeout = 5s});
    now_ += 5ms;
    EXPECT_THAT(FlushTo(a), SizeIs(1));
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kTimedOut);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(Look().workers[0].sent, 1U) << "its credit is not used up";
}

TEST_F(DispatcherTest, NoEnvelopeIsSentWhenAllThatItWouldCarryHasExpired) {
    const FakeWorker a = Connect("a");
    Flush();
    Submit({.timeout = 5ms});
    now_ += 5ms;
    EXPECT_THAT(Flush(), SizeIs(0));
    EXPECT_EQ(TakeOne().outcome, Outcome::kTimedOut);
}

TEST_F(DispatcherTest, ACancelWhileQueuedIsNotSent) {
    FakeWorker a = Connect("a", 0);
    const DeferredRef deferred = Submit();
    Cancel(deferred);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kCancelled);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    Grant(a, 5);
    EXPECT_THAT(FlushTo(a), SizeIs(0));
    EXPECT_EQ(Look().services[0].queued_bytes, 0U);
}

TEST_F(DispatcherTest, ACancelWhileAssignedIsNotSent) {
    const FakeWorker a = Connect("a");
    Cancel(Submit());
    EXPECT_EQ(TakeOne().progress, Progress::kNeverSent);
    EXPECT_THAT(Flush(), SizeIs(0));
}

TEST_F(DispatcherTest, ACancelAfterTheSendReachesTheWorker) {
    const FakeWorker a = Connect("a");
    const DeferredRef deferred = Submit();
    const OutgoingRequest sent = FlushTo(a).at(0);
    Cancel(deferred);
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kCancelled);
    EXPECT_EQ(ended.progress, Progress::kSent);
    const auto cancels = CancelsTo(a);
    ASSERT_THAT(cancels, SizeIs(1));
    EXPECT_EQ(cancels[0].id, sent.id);
}

TEST_F(DispatcherTest, ACancelAfterTheEndIsIgnored) {
    const FakeWorker a = Connect("a");
    const DeferredRef deferred = Submit();
    Reply(a, FlushTo(a).at(0));
    TakeOne();
    Cancel(deferred);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    EXPECT_THAT(CancelsTo(a), SizeIs(0));
}

TEST_F(DispatcherTest, ACancelOfARefusedRequestIsIgnored) {
    const DeferredRef refused = Submit();
    TakeOne();
    Cancel(refused);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
}

TEST_F(DispatcherTest, RepliesThatFindNothingAreCountedApart) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest answered = SendTo(a);
    const OutgoingRequest late = SendTo(a, {.timeout = 10ms});
    Reply(a, answered);
    Advance(11ms);
    TakeEnded();
    Reply(a, answered);
    Reply(a, late);
    Reply(a, CorrelationId(0xABCDE, 77));
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    EXPECT_EQ(Count(Counter::kRepliesDuplicate), 1U);
    EXPECT_EQ(Count(Counter::kRepliesLate), 1U);
    EXPECT_EQ(Count(Counter::kRepliesUnknown), 1U);
    EXPECT_EQ(Count(Counter::kRepliesReceived), 4U);
    EXPECT_EQ(replies_->held(), 0U);
    EXPECT_TRUE(dispatcher_->HasWorkerFor(0)) << "none of this is worth a session";
}

TEST_F(DispatcherTest, OnlyTheOwnerOfARequestMayAnswerIt) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const OutgoingRequest sent = SendTo(a);
    Reply(b, sent);
    EXPECT_EQ(Count(Counter::kRepliesNotOwner), 1U);
    Reply(a, sent.id, sent.attempt + 1);
    EXPECT_EQ(Count(Counter::kRepliesNotOwner), 2U);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    Reply(a, sent);
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
}

TEST_F(DispatcherTest, NobodyMayAnswerARequestThatWasNotSent) {
    const FakeWorker a = Connect("a", 1);
    const DeferredRef assigned = Submit();
    const DeferredRef queued = Submit();
    Reply(a, assigned->id, 1);
    Reply(a, queued->id, 1);
    Reply(a, queued->id, 0);
    EXPECT_EQ(Count(Counter::kRepliesNotOwner), 3U);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
}

TEST_F(DispatcherTest, ShutdownCompletesEverythingCancelsItAndRefusesWhatComesAfter) {
    FakeWorker a = Connect("a", 2);
    const OutgoingRequest sent = SendTo(a);
    Submit();  // assigned
    Submit();  // queued
    Submit({.service = 1, .wait_for_worker = 1s});
    dispatcher_->Shutdown(now_);
    const auto ended = TakeEnded();
    ASSERT_THAT(ended, SizeIs(4));
    for (const Ended& one : ended) {
        EXPECT_EQ(one.outcome, Outcome::kShuttingDown);
        EXPECT_EQ(one.progress, one.id == sent.id ? Progress::kSent : Progress::kNeverSent);
    }
    EXPECT_EQ(dispatcher_->pending(), 0U);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(1));
    EXPECT_THAT(envelopes[0].requests, SizeIs(0));
    ASSERT_THAT(envelopes[0].cancels, SizeIs(1));
    EXPECT_EQ(envelopes[0].cancels[0].id, sent.id);
    Submit();
    const Ended refused = TakeOne();
    EXPECT_EQ(refused.outcome, Outcome::kShuttingDown);
    EXPECT_EQ(refused.progress, Progress::kNeverSent);
}

}  // namespace
}  // namespace holdfast::gateway
