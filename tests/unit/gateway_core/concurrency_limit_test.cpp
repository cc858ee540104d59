#include "gateway/core/concurrency_limit.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;

/// A service with so many threads, each of which needs `time` for a request; what is more waits.
class ConcurrencyLimitTest : public ::testing::Test {
  protected:
    void SetUp() override { limit_.SetThreads(threads_); }

    Duration LatencyAt(double outstanding) const {
        const double turns = std::max(1.0, outstanding / parallel_);
        return std::chrono::duration_cast<Duration>(time_ * turns);
    }
    /// As many requests as the limit allows, all the time, for so long.
    void Overload(Duration how_long) {
        for (const TimePoint until = now_ + how_long; now_ < until; now_ += 2ms) {
            while (limit_.Allows(outstanding_)) ++outstanding_;
            outstanding_ = std::min<std::uint64_t>(outstanding_, limit_.limit());
            limit_.AddSample(LatencyAt(static_cast<double>(outstanding_)), time_, now_);
        }
    }
    /// So many at one time, below the limit.
    void Load(std::uint64_t outstanding, Duration how_long) {
        for (const TimePoint until = now_ + how_long; now_ < until; now_ += 2ms) {
            ASSERT_TRUE(limit_.Allows(outstanding - 1));
            limit_.AddSample(LatencyAt(static_cast<double>(outstanding)), time_, now_);
        }
    }

    std::uint64_t threads_ = 4;
    double parallel_ =
        4;  ///< how many it really works on: more than threads, when it does not block
    Duration time_ = 10ms;
    TimePoint now_ = TimePoint{} + 1000h;
    std::uint64_t outstanding_ = 0;
    ConcurrencyLimit limit_{{.adaptive = true}};
};

TEST_F(ConcurrencyLimitTest, FallsToWhatTheThreadsCanDoAndALittleMore) {
    Overload(20s);
    EXPECT_GE(limit_.limit(), 4U);
    EXPECT_LE(limit_.limit(), 10U);
}

TEST_F(ConcurrencyLimitTest, RisesAsLongAsTheLatencyDoesNot) {
    parallel_ = 500;
    const std::uint32_t before = limit_.limit();
    Overload(1s);
    EXPECT_GT(limit_.limit(), 4 * before) << "it begins by doubling";
    Overload(60s);
    EXPECT_GT(limit_.limit(), 500U);
    EXPECT_LT(limit_.limit(), 1000U);
}

TEST_F(ConcurrencyLimitTest, FollowsAServiceThatCanDoMoreAgain) {
    Overload(20s);
    parallel_ = 100;
    Overload(60s);
    EXPECT_GT(limit_.limit(), 80U);
}

TEST_F(ConcurrencyLimitTest, DoesNotRiseWhileItIsNotReached) {
    Load(3, 10s);
    EXPECT_EQ(limit_.limit(), 16U);
}

TEST_F(ConcurrencyLimitTest, IsNeverBelowTheThreads) {
    parallel_ = 1;
    Overload(20s);
    EXPECT_EQ(limit_.limit(), 4U);
    limit_.SetThreads(6);
    EXPECT_EQ(limit_.limit(), 6U);
}

TEST_F(ConcurrencyLimitTest, IsNeverAboveTheMost) {
    ConcurrencyLimit limit({.adaptive = true, .most = 3});
    limit.SetThreads(4);
    EXPECT_EQ(limit.limit(), 3U);
}

TEST_F(ConcurrencyLimitTest, RequestsOfBeforeTheLastChangeAreNoSamples) {
    // All of these were sent before the first of them came back.
    for (int i = 0; i < 100; ++i) limit_.AddSample(10ms, 10ms, now_ += 2ms);
    const std::uint32_t before = limit_.limit();
    for (int i = 0; i < 1000; ++i) {
        limit_.Allows(1000);
        limit_.AddSample(1h, 10ms, now_ += 2ms);
    }
    EXPECT_EQ(limit_.limit(), before);
}

TEST_F(ConcurrencyLimitTest, WithoutAKnownUnloadedTimeThereIsNothingToCompareWith) {
    for (int i = 0; i < 1000; ++i) {
        limit_.Allows(1000);
        limit_.AddSample(50ms, 0ms, now_ += 2ms);
    }
    EXPECT_EQ(limit_.limit(), 16U);
}

TEST_F(ConcurrencyLimitTest, WhileItBindsItIsLoweredForAMomentToSeeTheUnloadedTime) {
    parallel_ = 64;
    Overload(900ms);
    std::uint32_t least = limit_.limit();
    EXPECT_TRUE(limit_.IsUnloaded(0));
    EXPECT_FALSE(limit_.IsUnloaded(least));
    std::uint32_t before = least;
    for (int i = 0; i < 400; ++i) {
        Overload(2ms);
        if (least > limit_.limit()) before = least;
        least = std::min(least, limit_.limit());
    }
    EXPECT_LE(least, before / 2);
    Overload(500ms);
    EXPECT_GT(limit_.limit(), 64U) << "and comes back";
}

TEST_F(ConcurrencyLimitTest, BeginsAnewWhenTheLastWorkerWent) {
    Overload(20s);
    limit_.SetThreads(0);
    limit_.SetThreads(16);
    EXPECT_EQ(limit_.limit(), 32U);
}

TEST(ConcurrencyLimit, AFixedOneStaysWhatItIs) {
    ConcurrencyLimit limit({.adaptive = false, .most = 5});
    limit.SetThreads(100);
    EXPECT_TRUE(limit.bounded());
    EXPECT_TRUE(limit.Allows(4));
    EXPECT_FALSE(limit.Allows(5));
    TimePoint now = TimePoint{} + 1h;
    for (int i = 0; i < 1000; ++i) limit.AddSample(1s, 1ms, now += 5ms);
    EXPECT_EQ(limit.limit(), 5U);
    EXPECT_FALSE(ConcurrencyLimit({}).bounded());
}

}  // namespace
}  // namespace holdfast::gateway
