// How a worker's session opens and ends, and what is heard in it.
#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

constexpr PeerId kStranger{1000};

TEST_F(DispatcherTest, AProbeIsAnsweredByAskingWhoItIs) {
    dispatcher_->OnProbe(kStranger);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(1));
    EXPECT_EQ(envelopes[0].peer, kStranger);
    EXPECT_TRUE(envelopes[0].who_are_you);
    EXPECT_EQ(envelopes[0].session, 0U);
    EXPECT_THAT(Flush(), SizeIs(0));
}

TEST_F(DispatcherTest, AProbeInsideASessionIsIgnored) {
    const FakeWorker a = Connect("a");
    Flush();
    dispatcher_->OnProbe(a.peer);
    EXPECT_THAT(Flush(), SizeIs(0));
}

TEST_F(DispatcherTest, AStormOfProbesIsBounded) {
    for (std::uint64_t i = 0; i < 5000; ++i) dispatcher_->OnProbe(PeerId{i + 1000});
    EXPECT_LE(Flush().size(), 1024U);
}

TEST_F(DispatcherTest, AStrangerIsAskedOnceHoweverMuchItSays) {
    const FakeWorker loud{PeerId{1000}, "loud", 5, 0};
    for (std::uint32_t i = 1; i <= 2000; ++i) Reply(loud, CorrelationId(0, i));
    dispatcher_->OnProbe(PeerId{1001});
    EXPECT_EQ(Count(Counter::kItemsOfOtherSession), 2000U);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_EQ(envelopes[0].peer, PeerId{1000});
    EXPECT_EQ(envelopes[1].peer, PeerId{1001}) << "another's answer was dropped";
    dispatcher_->OnProbe(PeerId{1000});
    EXPECT_THAT(Flush(), SizeIs(1)) << "it is asked anew when it knocks anew";
}

TEST_F(DispatcherTest, HelloIsWelcomedWithTermsCreditAndAPing) {
    const std::uint64_t session = SayHello(kStranger, "a");
    EXPECT_NE(session, 0U);
    EXPECT_EQ(events_.at(0).kind, WorkerEvent::Kind::kWelcomed);
    EXPECT_EQ(events_.at(0).instance, "a");
    EXPECT_EQ(Count(Counter::kWorkersWelcomed), 1U);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(1));
    EXPECT_TRUE(envelopes[0].welcome);
    EXPECT_EQ(envelopes[0].session, session);
    EXPECT_EQ(envelopes[0].ping, 1U);
    EXPECT_EQ(envelopes[0].reply_credit, options_.reply_window);
    EXPECT_THAT(Flush(), SizeIs(0));
}

TEST_F(DispatcherTest, AnotherProtocolIsRefusedWithAReason) {
    EXPECT_EQ(SayHello(kStranger, "a", {"alpha"}, 2), 0U);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(1));
    EXPECT_EQ(envelopes[0].refusal, Outgoing::Refusal::kProtocol);
    EXPECT_EQ(envelopes[0].refusal_detail, "this gateway speaks protocol 1, the worker 2");
    EXPECT_FALSE(envelopes[0].who_are_you);
    EXPECT_EQ(events_.at(0).kind, WorkerEvent::Kind::kRefused);
    EXPECT_EQ(Count(Counter::kWorkersRefused), 1U);
    EXPECT_FALSE(dispatcher_->HasWorkerFor(0));
}

TEST_F(DispatcherTest, AHelloWithoutServicesOrNameIsRefused) {
    SayHello(kStranger, "a", {});
    SayHello(kStranger, "");
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_EQ(envelopes[0].refusal, Outgoing::Refusal::kBadHello);
    EXPECT_EQ(envelopes[1].refusal, Outgoing::Refusal::kBadHello);
}

TEST_F(DispatcherTest, MoreWorkersThanMaxPeersAreRefused) {
    options_.max_peers = 2;
    Restart();
    const FakeWorker a = Connect("a");
    Connect("b");
    EXPECT_EQ(SayHello(kStranger, "c"), 0U);
    EXPECT_EQ(Flush().back().refusal, Outgoing::Refusal::kTooManyPeers);
    Lose(a);
    EXPECT_NE(SayHello(kStranger, "c"), 0U);
}

TEST_F(DispatcherTest, AFullHouseStillLetsAWorkerChangeItsSession) {
    options_.max_peers = 1;
    Restart();
    const FakeWorker a = Connect("a");
    const std::uint64_t again = SayHello(a.peer, "a");
    EXPECT_NE(again, 0U);
    EXPECT_NE(again, a.session);
    EXPECT_NE(SayHello(kStranger, "a"), again);
    EXPECT_THAT(Look().workers, SizeIs(1));
}

TEST_F(DispatcherTest, AWorkerOfServicesThatNoRouteNamesIsWelcomeAndGetsNothing) {
    Connect("c", 10, {"gamma"});
    EXPECT_FALSE(dispatcher_->HasWorkerFor(0));
    EXPECT_THAT(Look().workers, SizeIs(1));
    Submit();
    EXPECT_EQ(TakeOne().outcome, Outcome::kNoWorker);
}

TEST_F(DispatcherTest, ItemsOfAnotherSessionAreCountedAndDropped) {
    FakeWorker a = Connect("a", 1);
    const OutgoingRequest sent = SendTo(a);
    FakeWorker impostor = a;
    ++impostor.session;
    Reply(impostor, sent);
    Return(impostor, sent);
    Pong(impostor, 1);
    Grant(impostor, 50);
    dispatcher_->OnGoodbye(impostor.peer, impostor.session, now_);
    EXPECT_EQ(Count(Counter::kItemsOfOtherSession), 5U);
    EXPECT_THAT(TakeEnded(), SizeIs(0));
    EXPECT_EQ(Look().workers[0].state, "live");
    Submit();
    EXPECT_THAT(FlushTo(a), SizeIs(0)) << "its credit did not grow";
}

TEST_F(DispatcherTest, ItemsOfAPeerWithoutASessionMakeTheGatewayAskWhoItIs) {
    const FakeWorker nobody{kStranger, "nobody", 5, 0};
    Reply(nobody, CorrelationId(0, 1));
    EXPECT_EQ(Count(Counter::kItemsOfOtherSession), 1U);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(1));
    EXPECT_TRUE(envelopes[0].who_are_you);
}

TEST_F(DispatcherTest, AMalformedEnvelopeEndsTheSessionAtOnce) {
    const FakeWorker a = Connect("a");
    SendTo(a);
    dispatcher_->OnMalformed(a.peer, Counter::kMalformedEnvelope, now_);
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    EXPECT_EQ(Count(Counter::kMalformedEnvelope), 1U);
    EXPECT_EQ(Count(Counter::kWorkersLost), 1U);
    EXPECT_EQ(events_.back().reason, "envelope");
    EXPECT_EQ(events_.back().outstanding, 1U);
    EXPECT_FALSE(dispatcher_->HasWorkerFor(0));
}

TEST_F(DispatcherTest, AMalformedEnvelopeOfAStrangerIsOnlyCounted) {
    dispatcher_->OnMalformed(kStranger, Counter::kMalformedFrames, now_);
    EXPECT_EQ(Count(Counter::kMalformedFrames), 1U);
    EXPECT_EQ(Count(Counter::kWorkersLost), 0U);
}

TEST_F(DispatcherTest, HelloAnewEndsTheOldSessionAndItsRequests) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    FakeWorker again = a;
    again.session = SayHello(a.peer, "a");
    EXPECT_NE(again.session, a.session);
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    Reply(a, sent);
    EXPECT_EQ(Count(Counter::kItemsOfOtherSession), 1U);
    again.requests_granted = 0;
    Grant(again, 1);
    EXPECT_EQ(SendTo(again).sequence, 1U);
}

TEST_F(DispatcherTest, TheSameInstanceOnANewConnectionReplacesTheOldOne) {
    const FakeWorker a = Connect("a");
    SendTo(a);
    const FakeWorker again = Connect("a");
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    EXPECT_THAT(Look().workers, ElementsAre(Field(&Snapshot::Worker::session, again.session)));
}

TEST_F(DispatcherTest, ARefusedHelloDoesNotEndTheSessionOfTheInstanceThatItNames) {
    const FakeWorker a = Connect("a");
    SayHello(kStranger, "a", {"alpha"}, 2);
    SayHello(kStranger, "a", {});
    EXPECT_EQ(Look().workers.at(0).session, a.session);
    SendTo(a);
}

TEST_F(DispatcherTest, RequestsWaitForAWorkerThatOnlyChangesItsSession) {
    FakeWorker a = Connect("a", 1);
    const OutgoingRequest sent = SendTo(a, {.idempotent = true});
    const DeferredRef queued = Submit();
    FakeWorker again{a.peer, "a", SayHello(a.peer, "a"), 0};
    EXPECT_THAT(TakeEnded(), SizeIs(0)) << "the worker is there again";
    Grant(again, 10);
    const auto requests = FlushTo(again);
    ASSERT_THAT(requests, SizeIs(2));
    EXPECT_EQ(requests[0].id, sent.id);
    EXPECT_EQ(requests[0].attempt, 2U);
    EXPECT_EQ(requests[1].id, queued->id);
}

TEST_F(DispatcherTest, RequestsOfServicesThatAWorkerNoLongerOffersFail) {
    const FakeWorker a = Connect("a", 0, {"alpha", "beta"});
    Submit({.service = 0});
    Submit({.service = 1});
    SayHello(a.peer, "a", {"beta"});
    EXPECT_EQ(TakeOne().outcome, Outcome::kNoWorker);
    EXPECT_EQ(dispatcher_->pending(), 1U);
}

TEST_F(DispatcherTest, AHelloAnewThatIsRefusedFailsWhatWaited) {
    const FakeWorker a = Connect("a", 0);
    Submit();
    SayHello(a.peer, "a", {"alpha"}, 9);
    EXPECT_EQ(TakeOne().outcome, Outcome::kNoWorker);
}

TEST_F(DispatcherTest, GoodbyeIsAcknowledgedAndNothingMoreIsSent) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const OutgoingRequest finishing = SendTo(a);
    SendTo(b);
    const DeferredRef assigned = Submit();  // to a, not sent yet
    dispatcher_->OnGoodbye(a.peer, a.session, now_);
    EXPECT_EQ(events_.back().kind, WorkerEvent::Kind::kDraining);
    const auto envelopes = Flush();
    ASSERT_THAT(envelopes, SizeIs(2));
    EXPECT_TRUE(envelopes[0].goodbye_ack);
    EXPECT_THAT(envelopes[0].requests, SizeIs(0));
    ASSERT_THAT(envelopes[1].requests, SizeIs(1));
    EXPECT_EQ(envelopes[1].requests[0].id, assigned->id);
    EXPECT_EQ(envelopes[1].requests[0].attempt, 1U);
    for (int i = 0; i < 5; ++i) SendTo(b);
    Reply(a, finishing);
    EXPECT_EQ(TakeOne().outcome, Outcome::kReplied);
}

TEST_F(DispatcherTest, AWorkerThatLeavesWithNothingLeftIsDrainedNotLost) {
    const FakeWorker a = Connect("a");
    const OutgoingRequest sent = SendTo(a);
    dispatcher_->OnGoodbye(a.peer, a.session, now_);
    dispatcher_->OnGoodbye(a.peer, a.session, now_);
    Reply(a, sent);
    Lose(a);
    EXPECT_EQ(Count(Counter::kWorkersDrained), 1U);
    EXPECT_EQ(Count(Counter::kWorkersLost), 0U);
    EXPECT_EQ(events_.back().kind, WorkerEvent::Kind::kDrained);
}

TEST_F(DispatcherTest, AWorkerThatLeavesInTheMiddleOfItsDrainIsLost) {
    const FakeWorker a = Connect("a");
    SendTo(a);
    dispatcher_->OnGoodbye(a.peer, a.session, now_);
    Lose(a);
    EXPECT_EQ(TakeOne().outcome, Outcome::kWorkerLost);
    EXPECT_EQ(Count(Counter::kWorkersLost), 1U);
}

TEST_F(DispatcherTest, TheLastWorkersGoodbyeFailsWhatWaits) {
    FakeWorker a = Connect("a", 1);
    Submit();  // assigned
    Submit();  // queued
    dispatcher_->OnGoodbye(a.peer, a.session, now_);
    const auto ended = TakeEnded();
    ASSERT_THAT(ended, SizeIs(2));
    for (const Ended& one : ended) {
        EXPECT_EQ(one.outcome, Outcome::kNoWorker);
        EXPECT_EQ(one.progress, Progress::kNeverSent);
    }
    EXPECT_FALSE(dispatcher_->HasWorkerFor(0));
}

TEST_F(DispatcherTest, TheSnapshotTellsWhatThereIs) {
    FakeWorker a = Connect("a", 3, {"alpha", "gamma"});
    const OutgoingRequest sent = SendTo(a);
    now_ += 5ms;
    Submit();
    Submit();
    Submit();
    PongItem pong;
    pong.queued = 2;
    pong.running = 1;
    pong.oldest_started = 7ms;
    dispatcher_->OnPong(a.peer, a.session, pong, now_);
    now_ += 1ms;
    const Snapshot snapshot = Look();
    EXPECT_EQ(snapshot.taken, now_);
    EXPECT_EQ(snapshot.pending, 4U);
    ASSERT_THAT(snapshot.workers, SizeIs(1));
    const Snapshot::Worker& worker = snapshot.workers[0];
    EXPECT_EQ(worker.instance, "a");
    EXPECT_EQ(worker.state, "live");
    EXPECT_EQ(worker.outstanding, 3U);
    EXPECT_EQ(worker.credit, 0U);
    EXPECT_EQ(worker.queued, 2U);
    EXPECT_EQ(worker.running, 1U);
    EXPECT_EQ(worker.oldest_started, Duration(7ms));
    EXPECT_EQ(worker.last_heard, Duration(1ms));
    EXPECT_THAT(worker.services, ElementsAre("alpha", "gamma"));
    ASSERT_THAT(snapshot.services, SizeIs(2));
    EXPECT_EQ(snapshot.services[0].workers, 1U);
    EXPECT_EQ(snapshot.services[0].queued, 1U);
    EXPECT_EQ(snapshot.services[1].workers, 0U);
    ASSERT_THAT(snapshot.oldest, SizeIs(4));
    EXPECT_EQ(snapshot.oldest[0].id, sent.id);
    EXPECT_EQ(snapshot.oldest[0].state, "sent");
    EXPECT_EQ(snapshot.oldest[0].worker, "a");
    EXPECT_EQ(snapshot.oldest[0].age, Duration(6ms));
    EXPECT_EQ(snapshot.oldest[0].remaining, Duration(10s - 6ms));
}

TEST_F(DispatcherTest, TheSnapshotShowsOnlyTheOldestFew) {
    Connect("a", 0);
    for (int i = 0; i < 30; ++i) {
        Submit();
        now_ += 1ms;
    }
    const Snapshot snapshot = Look();
    EXPECT_EQ(snapshot.pending, 30U);
    ASSERT_THAT(snapshot.oldest, SizeIs(SnapshotCell::kOldest));
    for (std::size_t i = 0; i < SnapshotCell::kOldest; ++i) {
        EXPECT_EQ(snapshot.oldest[i].age, Duration(1ms) * (30 - static_cast<int>(i)));
    }
}

}  // namespace
}  // namespace holdfast::gateway
