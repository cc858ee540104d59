// Pings, silence, and who is to blame for it.
#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::SizeIs;

TEST_F(DispatcherTest, EveryWorkerIsPingedInEachInterval) {
    const FakeWorker a = Connect("a");
    Flush();
    std::vector<std::uint64_t> pings;
    for (int i = 0; i < 20; ++i) {
        Advance(50ms);
        for (const auto& envelope : Flush()) {
            if (envelope.ping != 0) pings.push_back(envelope.ping);
        }
        Pong(a);
    }
    EXPECT_GE(pings.size(), 4U);
    EXPECT_LE(pings.size(), 6U);
    for (std::size_t i = 1; i < pings.size(); ++i) EXPECT_EQ(pings[i], pings[i - 1] + 1);
}

TEST_F(DispatcherTest, ASilentWorkerIsSuspectedAndLostIfNothingWasHeard) {
    const FakeWorker a = Connect("a");
    SendTo(a);
    Advance(700ms);
    EXPECT_FALSE(dispatcher_->HasSuspectedPeers());
    Advance(50ms);
    EXPECT_TRUE(dispatcher_->HasSuspectedPeers());
    EXPECT_EQ(Look().workers[0].state, "suspected");
    dispatcher_->ConfirmLost(now_);
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    EXPECT_FALSE(dispatcher_->HasSuspectedPeers());
    EXPECT_EQ(events_.back().reason, "silent");
}

TEST_F(DispatcherTest, AnIdleLoopThatWakesForPingsOnlyDoesNotCountAsAPause) {
    options_.ping_interval = 200ms;
    options_.peer_timeout = 400ms;  // the least that the configuration allows
    Restart();
    Connect("a");
    for (int turn = 0; turn < 4; ++turn) Jump(201ms);
    EXPECT_TRUE(dispatcher_->HasSuspectedPeers());
}

TEST_F(DispatcherTest, ASilentWorkerIsSparedIfItWasHeardAfterAll) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    Advance(750ms);
    ASSERT_TRUE(dispatcher_->HasSuspectedPeers());
    Reply(a, sent);
    dispatcher_->ConfirmLost(now_);
    EXPECT_FALSE(dispatcher_->HasSuspectedPeers());
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
    SendTo(a);
}

TEST_F(DispatcherTest, ASuspectedWorkerGetsNoRequestsAndTheyGoOnIfItIsSpared) {
    const FakeWorker a = Connect("a");
    Advance(750ms);
    Submit();
    EXPECT_THAT(FlushTo(a), SizeIs(0));
    Pong(a);
    dispatcher_->ConfirmLost(now_);
    EXPECT_THAT(FlushTo(a), SizeIs(1));
}

TEST_F(DispatcherTest, ASuspectedWorkersRepliesCountUntilItIsLost) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest first = SendTo(a);
    SendTo(a);
    transmitter_.results[a.peer] = TransmitResult::kUnreachable;
    dispatcher_->ProbeAll();
    dispatcher_->Flush(transmitter_, now_);
    ASSERT_TRUE(dispatcher_->HasSuspectedPeers());
    EXPECT_EQ(Count(Counter::kSendsUnreachable), 1U);
    Reply(a, first);
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
    dispatcher_->ConfirmLost(now_);
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    EXPECT_EQ(events_.back().reason, "connection lost");
}

TEST_F(DispatcherTest, AnUnreachablePeerIsLostThoughItWasHeard) {
    const FakeWorker a = Connect("a");
    transmitter_.results[a.peer] = TransmitResult::kUnreachable;
    dispatcher_->ProbeAll();
    dispatcher_->Flush(transmitter_, now_);
    Pong(a);
    dispatcher_->ConfirmLost(now_);
    EXPECT_FALSE(dispatcher_->HasWorkerFor(0));
}

TEST_F(DispatcherTest, ProbeAllPingsEveryWorkerAtOnce) {
    Connect("a");
    Connect("b");
    Flush();
    dispatcher_->ProbeAll();
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_EQ(envelopes[0].ping, 2U);
    EXPECT_EQ(envelopes[1].ping, 2U);
}

TEST_F(DispatcherTest, AnythingHeardIsASignOfLifeEvenFromAnOldSession) {
    FakeWorker a = Connect("a");
    FakeWorker old = a;
    --old.session;
    for (int i = 0; i < 20; ++i) {
        Advance(100ms);
        Pong(old);
        ASSERT_FALSE(dispatcher_->HasSuspectedPeers());
    }
}

TEST_F(DispatcherTest, APauseOfTheGatewayItselfKillsNoWorker) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.timeout = 60s});
    Jump(5s);
    EXPECT_FALSE(dispatcher_->HasSuspectedPeers());
    Pong(a);
    Advance(500ms);
    EXPECT_FALSE(dispatcher_->HasSuspectedPeers());
    EXPECT_THAT(TakeEnded(), SizeIs(0));
}

TEST_F(DispatcherTest, AWorkerThatDiesAfterAPauseOfTheGatewayIsFoundInTheUsualTime) {
    const FakeWorker a = Connect("a");
    // What had arrived is heard before the first tick after the pause.
    now_ += 60s;
    Pong(a);
    dispatcher_->Tick(now_);
    EXPECT_FALSE(dispatcher_->HasSuspectedPeers());
    Advance(750ms);
    EXPECT_TRUE(dispatcher_->HasSuspectedPeers());
}

TEST_F(DispatcherTest, DeadlinesPassDuringAPauseOfTheGateway) {
    const FakeWorker a = Connect("a");
    SendTo(a, {.timeout = 2s});
    Jump(5s);
    EXPECT_EQ(TakeOne().outcome, Outcome::kTimedOut);
}

TEST_F(DispatcherTest, NextTickIsNeverAfterADeadlineAPingOrASilence) {
    const FakeWorker a = Connect("a");
    Advance(1ms);
    Flush();
    Submit({.timeout = 30ms});
    EXPECT_LE(dispatcher_->NextTick(now_), now_ + 31ms);
    EXPECT_GT(dispatcher_->NextTick(now_), now_);
    FlushTo(a);
    // Following NextTick alone, the deadline is met within a tick.
    const TimePoint deadline = now_ + 30ms;
    std::vector<Ended> ended;
    while (ended.empty()) {
        now_ = dispatcher_->NextTick(now_);
        dispatcher_->Tick(now_);
        ended = TakeEnded();
    }
    EXPECT_GE(now_, deadline);
    EXPECT_LE(now_, deadline + 1ms);
    while (!dispatcher_->HasSuspectedPeers()) {
        now_ = dispatcher_->NextTick(now_) + Duration(1);
        dispatcher_->Tick(now_);
        Flush();
    }
    EXPECT_LE(now_, deadline + options_.peer_timeout);
}

}  // namespace
}  // namespace holdfast::gateway
