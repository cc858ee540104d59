#include "load/engine/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

namespace holdfast::load {
namespace {

using std::chrono::seconds;

std::vector<Duration> TimesOf(Schedule schedule) {
    std::vector<Duration> times;
    for (; schedule.next(); schedule.Advance()) times.push_back(*schedule.next());
    return times;
}

std::size_t Between(const std::vector<Duration>& times, Duration from, Duration to) {
    return static_cast<std::size_t>(
        std::ranges::count_if(times, [&](Duration time) { return time >= from && time < to; }));
}

void ExpectNear(Duration actual, Duration expected) {
    EXPECT_LE(std::chrono::abs(actual - expected), std::chrono::nanoseconds(100))
        << actual.count() << " is not " << expected.count();
}

TEST(ScheduleTest, AConstantRateIsEvenlySpacedFromZero) {
    const auto times = TimesOf(Schedule({{1000, 1000, seconds(3)}}, 0, 1));
    ASSERT_EQ(times.size(), 3000U);
    EXPECT_EQ(times.front(), Duration::zero());
    for (std::size_t i = 0; i < times.size(); ++i) {
        ExpectNear(times[i], std::chrono::milliseconds(i));
    }
}

TEST(ScheduleTest, ARampBeginsAsManyAsItsRateIntegratesTo) {
    const Schedule schedule({{0, 100, seconds(10)}}, 0, 1);
    EXPECT_EQ(schedule.total(), 500U);
    const auto times = TimesOf(schedule);
    ASSERT_EQ(times.size(), 500U);
    // t(n) = sqrt(2 n / slope), slope = 10 per second each second.
    ExpectNear(times[5], seconds(1));
    ExpectNear(times[125], seconds(5));
    EXPECT_EQ(Between(times, seconds(0), seconds(5)), 125U);
    EXPECT_TRUE(std::ranges::is_sorted(times));
    EXPECT_LT(times.back(), seconds(10));
}

TEST(ScheduleTest, ARampDownMirrorsARampUp) {
    const auto times = TimesOf(Schedule({{100, 0, seconds(10)}}, 0, 1));
    ASSERT_EQ(times.size(), 500U);
    EXPECT_EQ(Between(times, seconds(0), seconds(5)), 375U);
    EXPECT_LE(times.back(), seconds(10));
}

TEST(ScheduleTest, StagesFollowEachOtherWithoutGapOrDouble) {
    const Schedule schedule({{10, 10, seconds(2)},
                             {10, 1000, Duration::zero()},
                             {1000, 1000, seconds(1)},
                             {0, 0, seconds(5)},
                             {10, 10, seconds(2)}},
                            0, 1);
    EXPECT_EQ(schedule.length(), seconds(10));
    const auto times = TimesOf(schedule);
    EXPECT_EQ(times.size(), 1040U);
    EXPECT_EQ(Between(times, seconds(0), seconds(2)), 20U);
    EXPECT_EQ(Between(times, seconds(2), seconds(3)), 1000U);
    EXPECT_EQ(Between(times, seconds(3), seconds(8)), 0U);
    EXPECT_EQ(Between(times, seconds(8), seconds(10)), 20U);
}

TEST(ScheduleTest, AFractionThatStagesLeaveIsCarriedOn) {
    const auto times = TimesOf(Schedule(
        {{1, 1, std::chrono::milliseconds(1500)}, {1, 1, std::chrono::milliseconds(1500)}}, 0, 1));
    ASSERT_EQ(times.size(), 3U);
    ExpectNear(times[2], seconds(2));
}

TEST(ScheduleTest, ProcessesTogetherAreOneSchedule) {
    const std::vector<Stage> whole = {{0, 700, seconds(3)}, {700, 700, seconds(2)}};
    const auto alone = TimesOf(Schedule(whole, 0, 1));
    constexpr std::uint32_t kProcesses = 3;
    std::vector<Duration> together;
    std::set<std::uint64_t> numbers;
    for (std::uint32_t process = 0; process < kProcesses; ++process) {
        std::vector<Stage> share = whole;
        for (Stage& stage : share) {
            stage.from /= kProcesses;
            stage.to /= kProcesses;
        }
        for (Schedule schedule(share, process, kProcesses); schedule.next(); schedule.Advance()) {
            together.push_back(*schedule.next());
            EXPECT_TRUE(numbers.insert(schedule.number()).second);
        }
    }
    std::ranges::sort(together);
    ASSERT_EQ(together.size(), alone.size());
    for (std::size_t i = 0; i < alone.size(); ++i) ExpectNear(together[i], alone[i]);
    EXPECT_EQ(*numbers.rbegin(), alone.size() - 1);
}

TEST(ScheduleTest, NothingIsPlannedWithoutRateOrTime) {
    EXPECT_FALSE(Schedule({}, 0, 1).next());
    EXPECT_FALSE(Schedule({{0, 0, seconds(60)}}, 0, 1).next());
    EXPECT_FALSE(Schedule({{500, 500, Duration::zero()}}, 0, 1).next());
    EXPECT_EQ(Schedule({{0.1, 0.1, seconds(10)}}, 0, 1).total(), 1U);
    EXPECT_EQ(Schedule({{0.1, 0.1, seconds(10)}}, 1, 2).total(), 1U);
}

TEST(ScheduleTest, AnHourAtAHighRateDoesNotDrift) {
    Schedule schedule({{50'000.0 / 3, 50'000.0 / 3, std::chrono::hours(1)}}, 2, 3);
    EXPECT_EQ(schedule.total(), 60'000'000U);
}

}  // namespace
}  // namespace holdfast::load
