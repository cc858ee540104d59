#include "load/result/timeline.h"

#include <gtest/gtest.h>

namespace holdfast::load {
namespace {

Interval At(std::uint32_t second, std::uint64_t sent) {
    Interval interval;
    interval.second = second;
    interval.steps.resize(1);
    interval.steps[0].sent = sent;
    interval.steps[0].latency.Record(std::chrono::milliseconds(sent), sent);
    return interval;
}

TEST(TimelineTest, ASecondIsWholeOnceAllProcessesArePastIt) {
    Timeline timeline(2);
    timeline.Add(0, At(0, 5));
    timeline.Add(0, At(1, 6));
    EXPECT_EQ(timeline.NextWhole(), nullptr);
    timeline.Add(1, At(0, 7));
    const Interval* whole = timeline.NextWhole();
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(whole->second, 0U);
    EXPECT_EQ(whole->steps[0].sent, 12U);
    EXPECT_EQ(whole->steps[0].latency.count(), 12U);
    EXPECT_EQ(timeline.NextWhole(), nullptr);
}

TEST(TimelineTest, NobodyWaitsForAProcessThatHasEnded) {
    Timeline timeline(2);
    timeline.Add(0, At(0, 5));
    timeline.Add(0, At(1, 5));
    timeline.End(1);
    EXPECT_NE(timeline.NextWhole(), nullptr);
    EXPECT_NE(timeline.NextWhole(), nullptr);
    EXPECT_EQ(timeline.NextWhole(), nullptr);
}

TEST(TimelineTest, AProcessMayLeaveSecondsOut) {
    Timeline timeline(2);
    timeline.Add(0, At(3, 1));
    timeline.Add(1, At(1, 1));
    const Interval* whole = timeline.NextWhole();
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(whole->second, 1U);
    EXPECT_EQ(timeline.NextWhole(), nullptr);
    timeline.End(1);
    whole = timeline.NextWhole();
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(whole->second, 3U);
}

TEST(TimelineTest, AllSecondsAreTakenInOrder) {
    Timeline timeline(2);
    timeline.Add(1, At(4, 1));
    timeline.Add(0, At(0, 2));
    timeline.Add(0, At(4, 2));
    const auto intervals = timeline.Take();
    ASSERT_EQ(intervals.size(), 2U);
    EXPECT_EQ(intervals[0].second, 0U);
    EXPECT_EQ(intervals[1].second, 4U);
    EXPECT_EQ(intervals[1].steps[0].sent, 3U);
}

}  // namespace
}  // namespace holdfast::load
