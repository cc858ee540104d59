// The leg between a real Bus and scripted workers over real sockets: how workers and the bus end.
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/leg_under_test.h"

namespace holdfast::test {
namespace {

using gateway::Counter;
using gateway::Outcome;
using gateway::Progress;
using std::chrono::milliseconds;

class LegDeathTest : public testing::Test {
  protected:
    zmq::context_t context_;
};

TEST_F(LegDeathTest, AClosedConnectionIsNoticedLongBeforeItsSilence) {
    LegUnderTest leg([](gateway::BusOptions& options) {
        options.dispatcher.ping_interval = std::chrono::seconds(20);
    });
    auto worker = std::make_unique<FakeWorker>(context_, leg.port());
    ASSERT_TRUE(worker->Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("x");
    ASSERT_TRUE(worker->NextRequest());
    worker.reset();
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, Outcome::kWorkerLost);
    EXPECT_TRUE(leg.Serves(false));
    EXPECT_TRUE(leg.Logged("worker lost: instance fake-1"));
    EXPECT_EQ(leg.Count(Counter::kSendsUnreachable), 1U);
}

TEST_F(LegDeathTest, WhatADyingWorkerHadAnsweredStillArrives) {
    LegUnderTest leg;
    auto worker = std::make_unique<FakeWorker>(context_, leg.port());
    ASSERT_TRUE(worker->Join());
    ASSERT_TRUE(leg.Serves());
    constexpr std::size_t kRequests = 50;
    for (std::size_t i = 0; i < kRequests; ++i) leg.Submit("x");
    for (std::size_t i = 0; i < kRequests; ++i) {
        const auto request = worker->NextRequest();
        ASSERT_TRUE(request);
        worker->Answer(*request, 200, "y");
    }
    // The replies leave with the socket's linger; the connection is closed right behind them.
    worker->CloseAfter(milliseconds(2000));
    for (std::size_t i = 0; i < kRequests; ++i) {
        const auto completion = leg.loop.Next();
        ASSERT_TRUE(completion);
        EXPECT_EQ(completion->outcome, Outcome::kReplied);
    }
    EXPECT_TRUE(leg.Serves(false));
}

TEST_F(LegDeathTest, AnIdempotentRequestOfADeadWorkerGoesToAnother) {
    LegUnderTest leg;
    auto first = std::make_unique<FakeWorker>(context_, leg.port());
    ASSERT_TRUE(first->Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("x", true);
    ASSERT_TRUE(first->NextRequest());
    FakeWorker second(context_, leg.port());
    second.instance = "fake-2";
    ASSERT_TRUE(second.Join());
    first.reset();
    const auto again = second.NextRequest();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->attempt(), 2U);
    second.Answer(*again, 200, "y");
    EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kReplied);
}

TEST_F(LegDeathTest, AWorkerThatKeepsSilentIsLost) {
    LegUnderTest leg(
        [](gateway::BusOptions& options) { options.dispatcher.peer_timeout = milliseconds(300); });
    FakeWorker worker(context_, leg.port());
    worker.answer_pings = false;
    ASSERT_TRUE(worker.Join());
    leg.Submit("x", false, milliseconds(20'000));
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, Outcome::kWorkerLost);
    EXPECT_TRUE(leg.Logged("silent"));
    // Whoever wakes after that is a stranger.
    wire::Envelope pong;
    pong.set_session(worker.session());
    pong.mutable_pong()->set_sequence(1);
    worker.Send(pong);
    EXPECT_TRUE(worker.NextWhoAreYou());
}

TEST_F(LegDeathTest, AWorkerThatAnswersPingsLivesOn) {
    LegUnderTest leg([](gateway::BusOptions& options) {
        options.dispatcher.ping_interval = milliseconds(20);
        options.dispatcher.peer_timeout = milliseconds(2000);
    });
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    worker.Idle(milliseconds(300));
    EXPECT_TRUE(leg.bus->HasWorkerFor(0));
    EXPECT_EQ(leg.Count(Counter::kWorkersLost), 0U);
}

TEST_F(LegDeathTest, GoodbyeIsAcknowledgedAndAfterItNothingIsSent) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("before");
    const auto request = worker.NextRequest();
    ASSERT_TRUE(request);
    worker.SayGoodbye();
    ASSERT_TRUE(worker.NextGoodbyeAck());
    EXPECT_TRUE(leg.Serves(false));
    worker.Answer(*request, 200, "y");
    EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kReplied);
    leg.Submit("after");
    EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kNoWorker);
}

TEST_F(LegDeathTest, ShutdownCompletesEverythingAndCancelsItAtTheWorker) {
    LegUnderTest leg;
    FakeWorker worker(context_, leg.port());
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("x");
    ASSERT_TRUE(worker.NextRequest());
    leg.bus->BeginShutdown();
    EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kShuttingDown);
    EXPECT_TRUE(worker.NextCancel());
    leg.Submit("too late");
    const auto refused = leg.loop.Next();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->outcome, Outcome::kShuttingDown);
    EXPECT_EQ(refused->progress, Progress::kNeverSent);
}

TEST_F(LegDeathTest, StopCompletesEverythingAndLetsTheCancelsOut) {
    LegUnderTest leg;
    FakeWorker::Options options;
    options.immediate = false;
    FakeWorker worker(context_, leg.port(), options);
    ASSERT_TRUE(worker.Join());
    ASSERT_TRUE(leg.Serves());
    leg.Submit("x");
    ASSERT_TRUE(worker.NextRequest());
    leg.bus->Stop();
    EXPECT_EQ(leg.loop.Next(milliseconds(0))->outcome, Outcome::kShuttingDown);
    EXPECT_TRUE(worker.NextCancel());
}

}  // namespace
}  // namespace holdfast::test
