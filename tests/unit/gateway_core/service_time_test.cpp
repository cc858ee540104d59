#include "gateway/core/service_time.h"

#include <gtest/gtest.h>

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;

class ServiceTimeTest : public ::testing::Test {
  protected:
    void Add(Duration latency, int times, bool unloaded = true) {
        for (int i = 0; i < times; ++i) time_.Add(latency, unloaded, now_ += 10ms);
    }

    TimePoint now_ = TimePoint{} + 1000h;
    ServiceTime time_;
};

TEST_F(ServiceTimeTest, KnowsNothingAtFirst) {
    EXPECT_EQ(time_.unloaded(), Duration::zero());
    EXPECT_EQ(time_.quick(now_), Duration::zero());
}

TEST_F(ServiceTimeTest, TheFirstSampleIsBetterThanNothingAndTheFirstWindowReplacesIt) {
    Add(90ms, 1);
    EXPECT_EQ(time_.unloaded(), 90ms);
    Add(10ms, 20);
    EXPECT_EQ(time_.unloaded(), 10ms);
}

TEST_F(ServiceTimeTest, AFewOddOnesChangeNothing) {
    for (int i = 0; i < 50; ++i) {
        Add(10ms, 9);
        Add(500ms, 2);
    }
    EXPECT_EQ(time_.unloaded(), 10ms);
}

TEST_F(ServiceTimeTest, OnlyUnloadedRequestsTellTheUnloadedTime) {
    Add(10ms, 20);
    Add(70ms, 200, false);
    EXPECT_EQ(time_.unloaded(), 10ms);
    EXPECT_EQ(time_.quick(now_), 70ms);
}

TEST_F(ServiceTimeTest, FollowsAServiceThatBecameSlower) {
    Add(10ms, 20);
    Add(20ms, 500);
    EXPECT_GT(time_.unloaded(), 19ms);
}

TEST_F(ServiceTimeTest, TheQuickestTenthIsTakenOfTheLastWindowAndForgottenSoon) {
    Add(40ms, 1);
    Add(50ms, 20);
    EXPECT_EQ(time_.quick(now_), 50ms);
    EXPECT_EQ(time_.quick(now_ + 900ms), 50ms);
    EXPECT_EQ(time_.quick(now_ + 1100ms), Duration::zero());
}

}  // namespace
}  // namespace holdfast::gateway
