#include "tests/unit/worker_core/fakes.h"

namespace holdfast::worker {
namespace {

class LeaseRules : public WorkerFixture {
  protected:
    void SetUp() override {
        Start({.capacity_requests = 8});
        link = Join(7);
    }
    LinkId link;
};

TEST_F(LeaseRules, WithoutAPingUnstartedRequestsAreDroppedAndTheWorkerSaysHelloAnew) {
    Request(link, 1);
    Flush();
    Pass(ms(500));
    EXPECT_TRUE(worker->InSession(link));
    Pass(ms(1));
    EXPECT_FALSE(worker->InSession(link));
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_EQ(Hellos(link), 2);
    EXPECT_EQ(Count(Counter::kLeasesLost), 1U);
    EXPECT_EQ(Count(Counter::kDroppedLeaseLost), 1U);
    EXPECT_TRUE(Returns(link).empty());
}

TEST_F(LeaseRules, APingRenewsIt) {
    Request(link, 1);
    Flush();
    PassPinged(ms(2000));
    EXPECT_TRUE(worker->InSession(link));
    EXPECT_NE(StartNext(), nullptr);
}

TEST_F(LeaseRules, PingsThatWaitedWhileTheLoopStoodStillDoNotRenewIt) {
    Request(link, 1);
    Flush();
    now += ms(600);
    worker->BeginTurn(now);
    Ping(link);
    Request(link, 2);
    Tick();
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_FALSE(worker->InSession(link));
}

TEST_F(LeaseRules, AThreadThatWakesBeforeTheLoopStartsNothing) {
    Request(link, 1);
    Request(link, 2);
    Flush();
    now += ms(600);
    EXPECT_EQ(StartNext(), nullptr);
    worker->BeginTurn(now);
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(LeaseRules, ARequestThatAThreadTookMeanwhileIsAnOrphanUntilItComesBack) {
    Request(link, 1);
    Flush();
    RequestRecord* const taken = handlers.waiting.front();
    handlers.waiting.pop_front();
    now += ms(600);
    worker->BeginTurn(now);
    EXPECT_EQ(worker->held(), 1U);
    worker->OnNotStarted(*taken, StartVerdict::kLeaseLost);
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(LeaseRules, ARequestThatWasRefusedByAThreadGoesBackIfTheSessionLivesOn) {
    Request(link, 1);
    Flush();
    RequestRecord* const taken = handlers.waiting.front();
    handlers.waiting.pop_front();
    worker->OnNotStarted(*taken, StartVerdict::kLeaseLost);
    Flush();
    ASSERT_EQ(Returns(link).size(), 1U);
    EXPECT_EQ(Returns(link)[0].id, 1U);
}

TEST_F(LeaseRules, RunningRequestsOfALostSessionAreCancelledAndTheirRepliesDropped) {
    Request(link, 1);
    Flush();
    RequestRecord* const running = StartNext();
    Pass(ms(501));
    EXPECT_EQ(handlers.cancelled, std::set<std::uint64_t>{1});
    Welcome(link, 8);
    Finish(running);
    Flush();
    EXPECT_TRUE(Replies(link).empty());
    EXPECT_EQ(Count(Counter::kRepliesOfLostSession), 1U);
}

TEST_F(LeaseRules, RepliesThatWaitedAreDroppedWithTheirSession) {
    worker->OnReplyCredit(link, 7, 0);
    transmitter.full.insert(link.value);
    Request(link, 1);
    Flush();
    Finish(StartNext());
    Flush();
    Pass(ms(501));
    transmitter.full.clear();
    Welcome(link, 8);
    EXPECT_TRUE(Replies(link).empty());
    EXPECT_EQ(worker->held(), 0U);
}

TEST_F(LeaseRules, ANewSessionCountsItsCreditAnewWithoutWhatStillRuns) {
    for (std::uint64_t id = 1; id <= 3; ++id) Request(link, id);
    Flush();
    RequestRecord* const running = StartNext();
    Pass(ms(501));
    Welcome(link, 8);
    EXPECT_EQ(Credit(link).requests_total, 7U);
    Finish(running);
    Tick();
    EXPECT_EQ(Credit(link).requests_total, 8U);
}

TEST_F(LeaseRules, OneGatewaysSilenceDoesNotTouchAnother) {
    const LinkId other = Join(9);
    Request(link, 1);
    Request(other, 2);
    Flush();
    now += ms(400);
    worker->BeginTurn(now);
    Ping(other);
    Pass(ms(101));
    EXPECT_FALSE(worker->InSession(link));
    EXPECT_TRUE(worker->InSession(other));
    EXPECT_EQ(StartNext()->id, 2U);
}

}  // namespace
}  // namespace holdfast::worker
