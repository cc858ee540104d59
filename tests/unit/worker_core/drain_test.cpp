#include "tests/unit/worker_core/fakes.h"

namespace holdfast::worker {
namespace {

class Drain : public WorkerFixture {
  protected:
    void SetUp() override {
        Start({.capacity_requests = 8, .drain_timeout = std::chrono::seconds(3)});
        link = Join(7);
    }
    bool SaidGoodbye(LinkId to) {
        return std::any_of(Sent(to).begin(), Sent(to).end(),
                           [](const auto& envelope) { return envelope.goodbye; });
    }
    LinkId link;
};

TEST_F(Drain, FinishesWhatWasReceivedBeforeTheAckAndReturnsWhatCameAfter) {
    Request(link, 1);
    Flush();
    worker->BeginDrain(now);
    Flush();
    EXPECT_TRUE(SaidGoodbye(link));
    Request(link, 2);
    worker->OnGoodbyeAck(link, 7);
    Request(link, 3);
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDraining);
    ASSERT_EQ(Returns(link).size(), 1U);
    EXPECT_EQ(Returns(link)[0].id, 3U);
    EXPECT_EQ(Returns(link)[0].reason, ReturnReason::kDraining);

    Finish(StartNext());
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDraining);
    Finish(StartNext());
    Flush();
    EXPECT_EQ(Replies(link).size(), 2U);
    EXPECT_EQ(worker->drain_state(), DrainState::kDrained);
}

TEST_F(Drain, WaitsForTheAckAndForRepliesThatCannotLeaveYet) {
    Request(link, 1);
    Flush();
    worker->BeginDrain(now);
    Flush();
    transmitter.full.insert(link.value);
    worker->OnGoodbyeAck(link, 7);
    Finish(StartNext());
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDraining);
    transmitter.full.clear();
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDrained);
}

TEST_F(Drain, AnIdleWorkerStillWaitsForTheAck) {
    worker->BeginDrain(now);
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDraining);
    worker->OnGoodbyeAck(link, 7);
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDrained);
}

TEST_F(Drain, AWorkerThatNobodyWelcomedLeavesAtOnce) {
    Start({});
    const LinkId alone = worker->AddLink(now);
    worker->BeginDrain(now);
    Flush();
    EXPECT_EQ(worker->drain_state(), DrainState::kDrained);
    EXPECT_FALSE(SaidGoodbye(alone));
}

TEST_F(Drain, ALostGatewayDoesNotHoldItUp) {
    const LinkId other = Join(8);
    worker->BeginDrain(now);
    Flush();
    worker->OnGoodbyeAck(other, 8);
    now += ms(400);
    Ping(other);
    Pass(ms(101));
    EXPECT_EQ(worker->drain_state(), DrainState::kDrained);
    EXPECT_EQ(Hellos(link), 1);
}

TEST_F(Drain, EndsAtItsTimeout) {
    Request(link, 1);
    Request(link, 2);
    Flush();
    RequestRecord* const running = StartNext();
    worker->BeginDrain(now);
    Flush();
    worker->OnGoodbyeAck(link, 7);
    PassPinged(ms(2'900));
    EXPECT_EQ(worker->drain_state(), DrainState::kDraining);
    PassPinged(ms(100));
    EXPECT_EQ(worker->drain_state(), DrainState::kTimedOut);
    worker->Abandon();
    EXPECT_TRUE(handlers.waiting.empty());
    EXPECT_EQ(handlers.cancelled, std::set<std::uint64_t>{running->id});
}

TEST_F(Drain, GivesNoMoreCredit) {
    Request(link, 1);
    Flush();
    worker->BeginDrain(now);
    Finish(StartNext());
    PassPinged(ms(200));
    EXPECT_EQ(Credit(link).requests_total, 8U);
}

TEST_F(Drain, AWelcomeThatComesLateIsAnsweredWithGoodbye) {
    const LinkId late = worker->AddLink(now);
    worker->OnWhoAreYou(late, now);
    Flush();
    worker->BeginDrain(now);
    worker->OnWelcome(late, 9, terms, now);
    Flush();
    EXPECT_TRUE(SaidGoodbye(late));
    EXPECT_EQ(Credit(late).requests_total, 0U);
}

}  // namespace
}  // namespace holdfast::worker
