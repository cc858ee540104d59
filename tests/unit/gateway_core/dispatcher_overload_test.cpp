// More requests than the workers can take: who is served, who is refused, and how many are let
// through.
#include <algorithm>
#include <deque>

#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

class Overload : public DispatcherTest {
  protected:
    Overload() {
        options_.queue_requests = 100;
        options_.queue_delay = {.target = 5ms, .interval = 100ms};
        options_.refuse_hopeless = true;
        Restart();
        worker_ = Connect("a", 1);
    }

    /// `more` requests come each millisecond, and the worker takes one each fifth, for so long.
    void Run(Duration how_long, int more = 1, std::uint32_t lane = 0) {
        for (int ms = 0; ms < how_long / 1ms; ++ms) {
            now_ += 1ms;
            for (int i = 0; i < more; ++i) last_ = Submit({.lane = lane});
            if (ms % 5 == 4) Serve();
        }
    }
    /// It answers what it has, at once, and takes one more.
    void Serve() {
        for (const OutgoingRequest& request : FlushTo(worker_)) sent_.push_back(request);
        for (const OutgoingRequest& request : std::exchange(sent_, {})) {
            waited_ = now_ - request.request->received;
            served_.push_back(request.request->route->lane);
            Reply(worker_, request);
        }
        Grant(worker_, 1);
        for (const OutgoingRequest& request : FlushTo(worker_)) sent_.push_back(request);
    }

    FakeWorker worker_;
    DeferredRef last_;
    std::vector<OutgoingRequest> sent_;
    std::vector<std::uint32_t> served_;  ///< lanes
    Duration waited_{};                  ///< that the last one served had been here
};

TEST_F(Overload, ABurstIsServedInItsOrderAndNothingIsRefused) {
    for (int i = 0; i < 15; ++i) Submit();
    Run(100ms, 0);
    EXPECT_THAT(TakeEnded(), Each(Field(&Ended::outcome, Outcome::kReplied)));
    EXPECT_EQ(Count(Counter::kOverloadedDelay), 0U);
    EXPECT_FALSE(Look().services[0].overloaded);
}

TEST_F(Overload, AStandingQueueServesTheNewestAndRefusesWhatHasWaitedTooLong) {
    Run(300ms);
    EXPECT_TRUE(Look().services[0].overloaded);
    TakeEnded();
    Run(100ms);
    EXPECT_LE(waited_, 10ms) << "first come first served it would be what the queue is long";
    EXPECT_LE(Look().services[0].queued, 11U);
    std::size_t replied = 0;
    for (const Ended& ended : TakeEnded()) {
        if (ended.outcome == Outcome::kReplied) {
            ++replied;
            continue;
        }
        EXPECT_EQ(ended.outcome, Outcome::kOverloaded);
        EXPECT_EQ(ended.progress, Progress::kNeverSent);
        EXPECT_EQ(ended.attempts, 0U);
    }
    EXPECT_EQ(replied, 20U) << "the worker is never without work";
    EXPECT_GE(Count(Counter::kOverloadedDelay), 60U);
}

TEST_F(Overload, IsOverWhenTheQueueIsShortForAnInterval) {
    Run(300ms);
    Run(200ms, 0);
    EXPECT_FALSE(Look().services[0].overloaded);
    EXPECT_EQ(dispatcher_->pending(), 0U);
}

TEST_F(Overload, AFullQueueOfOneThatStandsLetsGoOfTheOldest) {
    Run(300ms);
    ASSERT_TRUE(Look().services[0].overloaded);
    TakeEnded();
    for (int i = 0; i < 200; ++i) last_ = Submit();
    EXPECT_EQ(Look().services[0].queued, 100U);
    for (const Ended& ended : TakeEnded()) EXPECT_NE(ended.id, last_->id);
    EXPECT_GT(Count(Counter::kOverloadedQueue), 90U);
    Grant(worker_, 1);
    const auto sent = FlushTo(worker_);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].id, last_->id);
}

TEST_F(Overload, WhileTheWorkerIsStoppedNobodyIsRefusedForTheTime) {
    for (int i = 0; i < 50; ++i) Submit();
    for (int i = 0; i < 20; ++i) {
        Advance(100ms);
        Pong(worker_);
    }
    EXPECT_THAT(TakeEnded(), SizeIs(0));
}

TEST_F(Overload, WithoutATargetTheQueueIsBoundedByItsLengthOnly) {
    options_.queue_delay = {};
    Restart();
    worker_ = Connect("a", 1);
    Run(300ms);
    EXPECT_EQ(Count(Counter::kOverloadedDelay), 0U);
    EXPECT_GE(Look().services[0].queued, 99U);
    EXPECT_GT(waited_, 100ms);
}

TEST_F(Overload, AFloodOnOneRouteLeavesTheOthersTheirTurn) {
    for (int i = 0; i < 100; ++i) {
        Run(20ms, 3);
        Submit({.lane = 1});
    }
    EXPECT_GE(std::ranges::count(served_, 1U), 98);
    EXPECT_GE(std::ranges::count(served_, 0U), 290) << "and takes what they leave";
}

TEST_F(Overload, AFullQueueIsTheFloodsAndNotTheOthers) {
    options_.queue_delay = {};
    Restart();
    worker_ = Connect("a", 0);
    for (int i = 0; i < 150; ++i) Submit();
    EXPECT_THAT(TakeEnded(), SizeIs(50));
    const DeferredRef other = Submit({.lane = 1});
    const Ended refused = TakeOne();
    EXPECT_NE(refused.id, other->id);
    EXPECT_EQ(refused.outcome, Outcome::kOverloaded);
    Grant(worker_, 2);
    const auto sent = FlushTo(worker_);
    ASSERT_THAT(sent, SizeIs(2));
    EXPECT_EQ(sent[1].id, other->id);
}

TEST_F(Overload, ARequestWithLessTimeThanItsRouteNeedsIsNotSent) {
    Grant(worker_, 100);
    for (int i = 0; i < 30; ++i) {
        const OutgoingRequest request = SendTo(worker_, {.timeout = 1s});
        now_ += 20ms;
        Reply(worker_, request);
    }
    TakeEnded();
    SendTo(worker_);  // somebody else is there
    Submit({.timeout = 19ms});
    const Ended ended = TakeOne();
    EXPECT_EQ(ended.outcome, Outcome::kOverloaded);
    EXPECT_EQ(ended.progress, Progress::kNeverSent);
    EXPECT_EQ(Count(Counter::kOverloadedDeadline), 1U);
    SendTo(worker_, {.timeout = 25ms});
    SendTo(worker_, {.timeout = 19ms, .lane = 1});  // of that one nothing is known
}

TEST_F(Overload, TheOnlyRequestIsSentHoweverLittleTimeItHas) {
    Grant(worker_, 100);
    for (int i = 0; i < 30; ++i) {
        const OutgoingRequest request = SendTo(worker_, {.timeout = 1s});
        now_ += 20ms;
        Reply(worker_, request);
    }
    SendTo(worker_, {.timeout = 5ms});
}

TEST_F(Overload, WhatWasKnownOfARouteIsForgottenSoThatItIsTriedAgain) {
    Grant(worker_, 100);
    for (int i = 0; i < 30; ++i) {
        const OutgoingRequest request = SendTo(worker_, {.timeout = 1s});
        now_ += 20ms;
        Reply(worker_, request);
    }
    SendTo(worker_);
    for (int i = 0; i < 12; ++i) {
        Advance(100ms);
        Pong(worker_);
    }
    SendTo(worker_, {.timeout = 5ms});
}

TEST_F(Overload, AFixedLimitHoldsBackWhatTheCreditWouldAllow) {
    options_.concurrency = {.adaptive = false, .most = 2};
    Restart();
    worker_ = Connect("a", 100);
    const FakeWorker other = Connect("b", 100);
    for (int i = 0; i < 5; ++i) Submit();
    const auto first = FlushTo(worker_);
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_EQ(Look().services[0].outstanding, 2U);
    EXPECT_EQ(Look().services[0].queued, 3U);
    Reply(worker_, first[0]);
    EXPECT_THAT(FlushTo(worker_), SizeIs(1)) << "without new credit: it is the limit that held it";
    Lose(other);
    EXPECT_EQ(Look().services[0].outstanding, 2U) << "the lost one's place is taken";
    EXPECT_EQ(Look().services[0].queued, 1U);
}

TEST_F(Overload, APlaceUnderTheLimitComesBackHoweverTheRequestEnds) {
    options_.concurrency = {.adaptive = false, .most = 1};
    Restart();
    worker_ = Connect("a", 100);
    const DeferredRef cancelled = Submit();
    Flush();
    Submit({.timeout = 50ms});
    const DeferredRef last = Submit();
    Cancel(cancelled);
    EXPECT_THAT(FlushTo(worker_), SizeIs(1));
    Advance(60ms);
    const auto sent = FlushTo(worker_);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].id, last->id);
    Return(worker_, sent[0]);
    EXPECT_THAT(FlushTo(worker_), SizeIs(1)) << "the same one again";
    EXPECT_EQ(Look().services[0].outstanding, 1U);
}

class AdaptiveLimit : public Overload {
  protected:
    AdaptiveLimit() {
        options_.concurrency = {.adaptive = true};
        options_.refuse_hopeless = false;
        options_.queue_delay = {};
        Restart();
        worker_ = Connect("a", 1'000'000);
    }
    /// One thread that ends a request by `end` each 5 ms, with as many behind it as the limit lets
    /// through.
    template <typename End>
    void Work(int count, End&& end) {
        for (int i = 0; i < count; ++i) {
            while (Look().services[0].queued < 40) Submit();
            for (const OutgoingRequest& request : FlushTo(worker_)) at_worker_.push_back(request);
            now_ += 5ms;
            const OutgoingRequest request = at_worker_.front();
            at_worker_.pop_front();
            end(request);
            if (i % 20 == 0) Pong(worker_);
        }
    }
    void Answer(int count) {
        Work(count, [this](const OutgoingRequest& request) { Reply(worker_, request); });
    }
    std::uint32_t Limit() const { return Look().services[0].concurrency_limit; }

    std::deque<OutgoingRequest> at_worker_;
};

TEST_F(AdaptiveLimit, RepliesThatTakeLongerWithMoreLowerIt) {
    EXPECT_EQ(Limit(), 16U);
    Answer(4000);
    EXPECT_LE(Limit(), 6U);
}

TEST_F(AdaptiveLimit, CancellationsReturnsAndRefusalsAreNoSamples) {
    const auto kind = [this](gateway::Reply::Kind what) {
        Work(300, [this, what](const OutgoingRequest& request) {
            Reply(worker_, request.id, request.attempt, what);
        });
    };
    kind(gateway::Reply::Kind::kNotProcessed);
    kind(gateway::Reply::Kind::kFailed);
    Work(300, [this](const OutgoingRequest& request) { Return(worker_, request); });
    EXPECT_EQ(Limit(), 16U);
    std::vector<DeferredRef> all;
    for (int i = 0; i < 100; ++i) {
        all.clear();
        for (int k = 0; k < 40; ++k) all.push_back(Submit());
        Flush();
        now_ += 300ms;
        Pong(worker_);
        for (const DeferredRef& one : all) Cancel(one);
        Flush();
    }
    EXPECT_EQ(Limit(), 16U);
}

}  // namespace
}  // namespace holdfast::gateway
