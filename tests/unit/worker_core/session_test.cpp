#include "tests/unit/worker_core/fakes.h"

namespace holdfast::worker {
namespace {

class Session : public WorkerFixture {
  protected:
    void SetUp() override { Start({.capacity_requests = 8}); }
};

TEST_F(Session, AWorkerThatIsAskedWhoItIsSaysHello) {
    const LinkId link = worker->AddLink(now);
    worker->OnWhoAreYou(link, now);
    Flush();
    EXPECT_EQ(Hellos(link), 1);
    EXPECT_EQ(Sent(link).front().session, 0U);
    EXPECT_FALSE(worker->InSession(link));
}

TEST_F(Session, ASecondQuestionBeforeTheWelcomeIsNotAnswered) {
    const LinkId link = worker->AddLink(now);
    worker->OnWhoAreYou(link, now);
    Flush();
    worker->OnWhoAreYou(link, now + ms(5));
    Flush();
    EXPECT_EQ(Hellos(link), 1);
}

TEST_F(Session, AHelloWithoutAnAnswerIsSaidAgainAfterASecond) {
    const LinkId link = worker->AddLink(now);
    worker->OnWhoAreYou(link, now);
    Flush();
    Pass(ms(999));
    EXPECT_EQ(Hellos(link), 1);
    Pass(ms(1));
    EXPECT_EQ(Hellos(link), 2);
}

TEST_F(Session, AQuestionOnANewConnectionIsAnsweredAtOnce) {
    const LinkId link = worker->AddLink(now);
    worker->OnWhoAreYou(link, now);
    Flush();
    worker->OnConnectionLost(link, now + ms(5));
    worker->OnWhoAreYou(link, now + ms(10));
    Flush();
    EXPECT_EQ(Hellos(link), 2);
}

TEST_F(Session, ADescriptionIsSentOnceAndAloneInItsEnvelope) {
    const LinkId link = Join(5);
    const std::size_t before = Sent(link).size();
    worker->OnDescribe(link, 4, 1);
    Flush();
    EXPECT_EQ(Sent(link).size(), before) << "of another session";
    Ping(link);
    worker->OnDescribe(link, 5, 2);
    worker->OnDescribe(link, 5, 3);
    Flush();
    Flush();
    ASSERT_EQ(Sent(link).size(), before + 2);
    const SentEnvelope& envelope = Sent(link)[before];
    ASSERT_TRUE(envelope.description);
    EXPECT_EQ(envelope.description->number, 3U) << "the last question is answered";
    EXPECT_EQ(envelope.description->now, now);
    EXPECT_EQ((*envelope.description->counters)[Counter::kSessionsOpened], 1U);
    EXPECT_FALSE(envelope.pong);
    EXPECT_TRUE(Sent(link)[before + 1].pong);
}

TEST_F(Session, ADescriptionThatWaitedForTheConnectionIsNotOwedToTheNextSession) {
    const LinkId link = Join(5);
    transmitter.full.insert(link.value);
    worker->OnDescribe(link, 5, 1);
    Flush();
    EXPECT_TRUE(blocked);
    transmitter.full.clear();
    worker->OnLinkReset(link);
    Welcome(link, 6);
    for (const SentEnvelope& envelope : Sent(link)) EXPECT_FALSE(envelope.description);
}

TEST_F(Session, AHelloWaitsForTheConnection) {
    const LinkId link = worker->AddLink(now);
    transmitter.full.insert(link.value);
    worker->OnWhoAreYou(link, now);
    Flush();
    EXPECT_TRUE(blocked);
    EXPECT_EQ(Hellos(link), 0);
    transmitter.full.clear();
    Flush();
    EXPECT_FALSE(blocked);
    EXPECT_EQ(Hellos(link), 1);
}

TEST_F(Session, ARefusedWorkerTriesAgainAfterFiveSecondsOnly) {
    const LinkId link = worker->AddLink(now);
    worker->OnWhoAreYou(link, now);
    Flush();
    worker->OnRefused(link, now);
    worker->OnWhoAreYou(link, now);
    Pass(ms(4'999));
    EXPECT_EQ(Hellos(link), 1);
    Pass(ms(1));
    EXPECT_EQ(Hellos(link), 2);
}

TEST_F(Session, AGatewayThatForgotTheSessionGetsAHelloAndItsRequestsAreCancelled) {
    const LinkId link = Join(7);
    Request(link, 1);
    Request(link, 2);
    Flush();
    RequestRecord* const running = StartNext();
    worker->OnWhoAreYou(link, now);
    Flush();
    EXPECT_EQ(Hellos(link), 2);
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_EQ(handlers.cancelled, std::set<std::uint64_t>{1});
    Finish(running);
    Flush();
    EXPECT_TRUE(Replies(link).empty());
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Session, ItemsOfAnotherSessionAreCountedAndDropped) {
    const LinkId link = Join(7);
    sessions[link.value].first = 6;
    EXPECT_TRUE(Request(link, 1));
    Cancel(link, 1);
    Ping(link);
    Flush();
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_EQ(Count(Counter::kItemsOfOtherSession), 3U);
    EXPECT_EQ(LastPong(link).sequence, 0U);
}

TEST_F(Session, ASequenceThatGoesBackBreaksTheContract) {
    const LinkId link = Join(7);
    EXPECT_TRUE(Request(link, 1));
    sessions[link.value].second = 0;
    EXPECT_FALSE(Request(link, 2));
}

TEST_F(Session, AnIdThatIsHeldAlreadyBreaksTheContract) {
    const LinkId link = Join(7);
    EXPECT_TRUE(Request(link, 1));
    EXPECT_FALSE(Request(link, 1));
    EXPECT_EQ(Count(Counter::kDuplicateIds), 1U);
}

TEST_F(Session, TwoGatewaysMayUseTheSameId) {
    const LinkId one = Join(7);
    const LinkId two = Join(8);
    EXPECT_TRUE(Request(one, 1));
    EXPECT_TRUE(Request(two, 1));
    Flush();
    Cancel(two, 1);
    RequestRecord* const record = StartNext();
    EXPECT_EQ(record->link, one);
    EXPECT_EQ(StartNext(), nullptr);
}

TEST_F(Session, ALostConnectionEndsTheSessionUnlessTrafficProvesLife) {
    const LinkId spared = Join(7);
    const LinkId lost = Join(8);
    worker->OnConnectionLost(spared, now);
    worker->OnConnectionLost(lost, now);
    now += ms(200);
    Ping(spared);
    Pass(ms(50));
    EXPECT_TRUE(worker->InSession(spared));
    EXPECT_FALSE(worker->InSession(lost));
    EXPECT_EQ(Count(Counter::kGatewaysLost), 1U);
    EXPECT_EQ(Hellos(lost), 2);
}

TEST_F(Session, ALinkThatIsRemovedLeavesNothingBehind) {
    const LinkId link = Join(7);
    Request(link, 1);
    Request(link, 2);
    Flush();
    RequestRecord* const running = StartNext();
    worker->RemoveLink(link);
    sessions.clear();
    EXPECT_TRUE(handlers.waiting.empty());
    Finish(running);
    Tick();
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(Session, APongTellsHowFarRequestsWereStartedWithoutGaps) {
    const LinkId link = Join(7);
    for (std::uint64_t id = 1; id <= 5; ++id) Request(link, id);
    Flush();
    now += ms(10);
    RequestRecord* const first = StartNext();
    Cancel(link, 3);
    now += ms(20);
    Ping(link, 41);
    Flush();
    EXPECT_EQ(LastPong(link).sequence, 41U);
    EXPECT_EQ(LastPong(link).started_through, 1U);
    EXPECT_EQ(LastPong(link).oldest_started, ms(20));
    EXPECT_EQ(LastPong(link).queued, 3U);
    EXPECT_EQ(LastPong(link).running, 1U);
    EXPECT_EQ(LastPong(link).started_total, 1U);
    EXPECT_EQ(LastPong(link).dropped_cancelled_total, 1U);

    StartNext();
    Finish(first);
    Ping(link, 42);
    Flush();
    EXPECT_EQ(LastPong(link).started_through, 3U);
    EXPECT_EQ(LastPong(link).oldest_started, ms(0));

    StartNext();
    StartNext();
    Ping(link, 43);
    Flush();
    EXPECT_EQ(LastPong(link).started_through, 5U);
    EXPECT_EQ(LastPong(link).started_total, 4U);
}

TEST_F(Session, OfPingsThatCouldNotBeAnsweredTheLastIs) {
    const LinkId link = Join(7);
    transmitter.full.insert(link.value);
    Ping(link, 1);
    Flush();
    Ping(link, 2);
    Flush();
    EXPECT_TRUE(blocked);
    transmitter.full.clear();
    Flush();
    EXPECT_EQ(LastPong(link).sequence, 2U);
}

TEST(CountersText, NamesOnlyWhatHappened) {
    Counters counters;
    EXPECT_EQ(Text(counters), "nothing");
    counters.Add(Counter::kReceived);
    counters.Add(Counter::kReceived);
    counters.Add(Counter::kGatewaysLost);
    EXPECT_EQ(Text(counters), "received=2 gateways_lost=1");
}

}  // namespace
}  // namespace holdfast::worker
