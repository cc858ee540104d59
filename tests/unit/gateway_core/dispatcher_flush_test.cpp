// Envelopes: what one carries, and the credit for replies.
#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::SizeIs;

TEST_F(DispatcherTest, WhatIsReadyGoesInOneEnvelope) {
    const FakeWorker a = Connect("a");
    const DeferredRef sent = Submit();
    Flush();
    Cancel(sent);
    Submit();
    Submit();
    dispatcher_->ProbeAll();
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(1));
    EXPECT_THAT(envelopes[0].requests, SizeIs(2));
    EXPECT_THAT(envelopes[0].cancels, SizeIs(1));
    EXPECT_NE(envelopes[0].ping, 0U);
}

TEST_F(DispatcherTest, ABatchIsSplitByBytes) {
    options_.batch_bytes = 2500;
    Restart();
    Connect("a");
    Flush();
    for (int i = 0; i < 5; ++i) Submit({.body_bytes = 1000});
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(3));
    EXPECT_THAT(envelopes[0].requests, SizeIs(2));
    EXPECT_THAT(envelopes[1].requests, SizeIs(2));
    EXPECT_THAT(envelopes[2].requests, SizeIs(1));
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(envelopes[i / 2].requests[i % 2].sequence, i + 1) << "sequences go on";
    }
}

TEST_F(DispatcherTest, ARequestLargerThanABatchGoesAlone) {
    options_.batch_bytes = 100;
    Restart();
    const FakeWorker a = Connect("a");
    Submit({.body_bytes = 5000});
    Submit({.body_bytes = 5000});
    EXPECT_THAT(FlushTo(a), SizeIs(2));
}

TEST_F(DispatcherTest, ABatchIsSplitByItems) {
    options_.queue_requests = 5000;
    Restart();
    const FakeWorker a = Connect("a", 5000);
    Flush();
    std::vector<DeferredRef> deferreds;
    for (int i = 0; i < 1500; ++i) deferreds.push_back(Submit());
    auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_THAT(envelopes[0].requests, SizeIs(1024));
    EXPECT_THAT(envelopes[1].requests, SizeIs(476));
    for (const DeferredRef& deferred : deferreds) Cancel(deferred);
    envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_THAT(envelopes[0].cancels, SizeIs(1024));
    EXPECT_THAT(envelopes[1].cancels, SizeIs(476));
    EXPECT_EQ(Count(Counter::kCancelsSent), 1500U);
}

TEST_F(DispatcherTest, ACancelThatFoundAFullPipeIsSentLater) {
    const FakeWorker a = Connect("a");
    const DeferredRef deferred = Submit();
    Flush();
    transmitter_.results[a.peer] = TransmitResult::kFull;
    Cancel(deferred);
    EXPECT_THAT(CancelsTo(a), SizeIs(0));
    EXPECT_EQ(Count(Counter::kCancelsSent), 0U);
    transmitter_.results.clear();
    now_ += 10ms;
    EXPECT_THAT(CancelsTo(a), SizeIs(1));
    EXPECT_THAT(CancelsTo(a), SizeIs(0));
}

TEST_F(DispatcherTest, WhatRemainsOfTheDeadlineIsSentRoundedDown) {
    const FakeWorker a = Connect("a");
    Submit({.timeout = 1000ms});
    now_ += 300us;
    EXPECT_EQ(FlushTo(a).at(0).timeout_ms, 999U);
}

TEST_F(DispatcherTest, ReplyCreditIsToppedUpWhenHalfOfTheWindowIsUsed) {
    options_.reply_window = 1000;
    Restart();
    const FakeWorker a = Connect("a");
    const OutgoingRequest first = SendTo(a);
    const OutgoingRequest second = SendTo(a);
    const OutgoingRequest third = SendTo(a);
    Reply(a, first.id, 1, Reply::Kind::kAnswered, 400);
    EXPECT_EQ(FlushReplyCredit(), 0U) << "600 are left: more than half";
    Reply(a, second.id, 1, Reply::Kind::kAnswered, 100);
    EXPECT_EQ(FlushReplyCredit(), 1500U) << "received 500, and a whole window again";
    Reply(a, third.id, 1, Reply::Kind::kAnswered, 1700);  // the last reply may exceed it
    EXPECT_EQ(FlushReplyCredit(), 3200U) << "what was exceeded is made up for";
}

TEST_F(DispatcherTest, AReplyBeyondTheCreditEndsTheSession) {
    reply_limit_ = 800;  // for 8 peers: 100 each
    Restart();
    keep_replies_ = true;
    const FakeWorker a = Connect("a");
    const OutgoingRequest first = SendTo(a);
    const OutgoingRequest second = SendTo(a);
    Reply(a, first.id, 1, Reply::Kind::kAnswered, 800);
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
    Reply(a, second.id, 1, Reply::Kind::kAnswered, 1);
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    EXPECT_EQ(Count(Counter::kMalformedCredit), 1U);
    EXPECT_EQ(events_.back().reason, "credit");
}

TEST_F(DispatcherTest, RepliesThatClientsHaveNotTakenHoldBackTheCredit) {
    reply_limit_ = 800;
    Restart();
    keep_replies_ = true;
    const FakeWorker a = Connect("a");
    Reply(a, SendTo(a).id, 1, Reply::Kind::kAnswered, 760);
    EXPECT_EQ(replies_->held(), 760U);
    Flush();
    EXPECT_EQ(SendTo(a).attempt, 1U);
    Advance(250ms);
    for (const auto& envelope : Flush()) {
        EXPECT_LE(envelope.reply_credit, 760U + 40U) << "only what is left of the budget";
    }
    kept_replies_.clear();
    Pong(a);
    Advance(250ms);
    EXPECT_EQ(FlushReplyCredit(), 760U + 100U) << "and the rest with a later ping";
}

TEST_F(DispatcherTest, ALostWorkersReplyCreditIsFreeForTheOthers) {
    options_.max_peers = 1;
    reply_limit_ = 1000;
    Restart();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        const FakeWorker a = Connect("worker " + std::to_string(i));
        EXPECT_NE(a.session, 0U);
        Reply(a, SendTo(a).id, 1, Reply::Kind::kAnswered, 700);
        Advance(250ms);
        EXPECT_EQ(FlushReplyCredit(), 1700U);
        Lose(a);
    }
}

TEST_F(DispatcherTest, ReplyCreditIsAnEqualShareOfTheBudget) {
    options_.max_peers = 4;
    reply_limit_ = 4000;
    Restart();
    for (std::uint64_t i = 1; i <= 4; ++i) {
        SayHello(PeerId{i}, "worker " + std::to_string(i));
        EXPECT_EQ(FlushReplyCredit(), 1000U);
    }
}

}  // namespace
}  // namespace holdfast::gateway
