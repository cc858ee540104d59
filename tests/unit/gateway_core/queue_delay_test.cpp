#include "gateway/core/queue_delay.h"

#include <gtest/gtest.h>

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;

class QueueDelayTest : public ::testing::Test {
  protected:
    /// One is taken each millisecond for so long, the oldest having waited `oldest`.
    void Take(Duration oldest, Duration how_long, Duration needed = 0ms) {
        for (const TimePoint until = now_ + how_long; now_ < until; now_ += 1ms) {
            delay_.OnTaken(oldest, needed, now_);
        }
    }

    TimePoint now_ = TimePoint{} + 1000h;
    QueueDelay delay_{{.target = 5ms, .interval = 100ms}};
};

TEST_F(QueueDelayTest, ABurstShorterThanTheIntervalIsAbsorbed) {
    Take(50ms, 99ms);
    Take(1ms, 1ms);
    Take(50ms, 99ms);
    EXPECT_FALSE(delay_.Stands(now_));
}

TEST_F(QueueDelayTest, ItStandsOnceNothingWasBelowTheTargetForAnInterval) {
    Take(6ms, 100ms);
    EXPECT_FALSE(delay_.Stands(now_));
    Take(6ms, 1ms);
    EXPECT_TRUE(delay_.Stands(now_));
    EXPECT_EQ(delay_.allowed(), 5ms);
}

TEST_F(QueueDelayTest, ItStandsUntilAWholeIntervalWasBelowTheTarget) {
    Take(6ms, 101ms);
    Take(2ms, 98ms);
    EXPECT_TRUE(delay_.Stands(now_)) << "at a load that is just too high it would come and go";
    Take(6ms, 1ms);
    Take(2ms, 98ms);
    EXPECT_TRUE(delay_.Stands(now_));
    Take(2ms, 2ms);
    EXPECT_FALSE(delay_.Stands(now_));
}

TEST_F(QueueDelayTest, WhileNothingIsTakenItLearnsNothing) {
    delay_.OnTaken(6ms, 0ms, now_);
    EXPECT_FALSE(delay_.Stands(now_));
    now_ += 90ms;  // the worker was stopped, and all that waited has waited since
    delay_.OnTaken(96ms, 0ms, now_);
    EXPECT_FALSE(delay_.Stands(now_));
}

TEST_F(QueueDelayTest, ABurstLongAfterItStoodIsJudgedAnew) {
    Take(6ms, 150ms);
    ASSERT_TRUE(delay_.Stands(now_));
    now_ += 1h;
    EXPECT_FALSE(delay_.Stands(now_));
    Take(6ms, 50ms);
    EXPECT_FALSE(delay_.Stands(now_));
}

TEST_F(QueueDelayTest, ARequestMayWaitAsLongAsItNeedsItself) {
    Take(80ms, 10s, 80ms);
    EXPECT_FALSE(delay_.Stands(now_));
    Take(81ms, 160ms, 80ms);
    EXPECT_FALSE(delay_.Stands(now_)) << "the interval spans two of them";
    Take(81ms, 1ms, 80ms);
    EXPECT_TRUE(delay_.Stands(now_));
    EXPECT_EQ(delay_.allowed(), 80ms);
}

TEST(QueueDelay, WithoutATargetNeverStands) {
    QueueDelay delay({.target = 0ms, .interval = 100ms});
    TimePoint now = TimePoint{} + 1h;
    for (int i = 0; i < 1000; ++i) delay.OnTaken(1h, 0ms, now += 1ms);
    EXPECT_FALSE(delay.Stands(now));
}

}  // namespace
}  // namespace holdfast::gateway
