#include "gateway/core/timing_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <vector>

#include "tests/unit/gateway_core/test_request.h"

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;
using SlotIndex = PendingTable::SlotIndex;

class TimingWheelTest : public ::testing::Test {
  protected:
    TimingWheelTest() {
        for (std::uint32_t i = 0; i < kSlots; ++i) table_.Insert(EmptyDeferred());
    }
    ~TimingWheelTest() override {
        for (SlotIndex i = 0; i < kSlots; ++i) {
            wheel_.Remove(i);
            table_.Erase(i, false);
        }
    }
    std::vector<SlotIndex> Advance(TimePoint now) {
        std::vector<SlotIndex> fired;
        wheel_.Advance(now, [&](SlotIndex index) { fired.push_back(index); });
        return fired;
    }

    static constexpr std::uint32_t kSlots = 64;
    const TimePoint start_ = TimePoint{} + 1000h;
    PendingTable table_{kSlots, 1};
    TimingWheel wheel_{table_, start_};
};

TEST_F(TimingWheelTest, FiresAtItsTimeAndNotBefore) {
    wheel_.Set(0, start_ + 10ms);
    EXPECT_TRUE(Advance(start_ + 9ms + 999us).empty());
    EXPECT_EQ(Advance(start_ + 10ms), std::vector<SlotIndex>{0});
    EXPECT_TRUE(Advance(start_ + 1h).empty());
}

TEST_F(TimingWheelTest, ATimeInsideATickFiresAtTheNextOne) {
    wheel_.Set(0, start_ + 10ms + 1ns);
    EXPECT_TRUE(Advance(start_ + 10ms + 999us).empty());
    EXPECT_EQ(Advance(start_ + 11ms), std::vector<SlotIndex>{0});
}

TEST_F(TimingWheelTest, ATimeInThePastFiresInTheNextTick) {
    Advance(start_ + 5s);
    wheel_.Set(0, start_ + 1s);
    wheel_.Set(1, start_ - 1h);
    EXPECT_TRUE(Advance(start_ + 5s).empty());
    EXPECT_EQ(Advance(start_ + 5s + 1ms).size(), 2U);
}

TEST_F(TimingWheelTest, SettingAgainReplacesTheTimer) {
    wheel_.Set(0, start_ + 10ms);
    wheel_.Set(0, start_ + 20ms);
    EXPECT_TRUE(Advance(start_ + 19ms).empty());
    EXPECT_EQ(Advance(start_ + 20ms), std::vector<SlotIndex>{0});
}

TEST_F(TimingWheelTest, ARemovedTimerDoesNotFireAndRemovingTwiceIsHarmless) {
    wheel_.Set(0, start_ + 10ms);
    wheel_.Set(1, start_ + 10ms);
    wheel_.Set(2, start_ + 10ms);
    wheel_.Remove(1);
    wheel_.Remove(1);
    auto fired = Advance(start_ + 1s);
    std::ranges::sort(fired);
    EXPECT_EQ(fired, (std::vector<SlotIndex>{0, 2}));
}

TEST_F(TimingWheelTest, TheCallbackMayRemoveAndSetTimersOfTheSameTick) {
    for (SlotIndex i = 0; i < 4; ++i) wheel_.Set(i, start_ + 10ms);
    int fired = 0;
    wheel_.Advance(start_ + 10ms, [&](SlotIndex index) {
        ++fired;
        wheel_.Set(index, start_ + 10ms);  // in the past: the next tick, so this ends
        for (SlotIndex other = 0; other < 4; ++other) {
            if (other != index) wheel_.Remove(other);
        }
    });
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(Advance(start_ + 11ms).size(), 1U);
}

TEST_F(TimingWheelTest, NextDueIsNeverAfterTheFirstTimerAndLeadsToIt) {
    EXPECT_EQ(wheel_.NextDue(), std::nullopt);
    const TimePoint at = start_ + 123'456'789ms;
    wheel_.Set(0, at);
    int wakes = 0;
    TimePoint now = start_;
    std::vector<SlotIndex> fired;
    while (fired.empty()) {
        const auto due = wheel_.NextDue();
        ASSERT_TRUE(due && *due <= at && *due > now);
        now = *due;
        fired = Advance(now);
        ASSERT_LE(++wakes, 11);
    }
    EXPECT_EQ(now, at);
    EXPECT_EQ(wheel_.NextDue(), std::nullopt);
}

TEST_F(TimingWheelTest, FiresEarlierTimersFirstInOneBigJump) {
    wheel_.Set(0, start_ + 3h);
    wheel_.Set(1, start_ + 5ms);
    wheel_.Set(2, start_ + 90s);
    wheel_.Set(3, start_ + 24h * 365 * 50);
    EXPECT_EQ(Advance(start_ + 24h * 365 * 60), (std::vector<SlotIndex>{1, 2, 0, 3}));
}

TEST_F(TimingWheelTest, AgreesWithASortedMapOverRandomSetsRemovesAndAdvances) {
    for (const unsigned seed : {1U, 2U, 3U, 4U}) {
        std::mt19937_64 random(seed);
        PendingTable table(kSlots, seed);
        for (std::uint32_t i = 0; i < kSlots; ++i) table.Insert(EmptyDeferred());
        TimingWheel wheel(table, start_);
        std::map<SlotIndex, TimePoint> model;  // when each must have fired at the latest
        std::map<SlotIndex, TimePoint> wanted;
        TimePoint now = start_;
        const auto span = [&] {
            // Every magnitude from microseconds to weeks.
            return std::chrono::microseconds(random() % (std::uint64_t{1} << (random() % 41)));
        };
        for (int step = 0; step < 30'000; ++step) {
            const auto index = static_cast<SlotIndex>(random() % kSlots);
            switch (random() % 4) {
                case 0:
                case 1:
                    wanted[index] = now + span();
                    model[index] = std::max(wanted[index], now) + TimingWheel::kTick;
                    wheel.Set(index, wanted[index]);
                    break;
                case 2:
                    wheel.Remove(index);
                    model.erase(index);
                    break;
                default:
                    now += span();
                    wheel.Advance(now, [&](SlotIndex fired) {
                        ASSERT_TRUE(model.contains(fired)) << "seed " << seed;
                        ASSERT_LE(wanted[fired], now) << "early, seed " << seed;
                        model.erase(fired);
                    });
                    for (const auto& [slot, latest] : model) {
                        ASSERT_GT(latest, now) << "late, seed " << seed << " step " << step;
                    }
                    const auto due = wheel.NextDue();
                    ASSERT_EQ(due.has_value(), !model.empty());
                    for (const auto& [slot, latest] : model) ASSERT_LE(*due, latest);
            }
        }
        for (SlotIndex i = 0; i < kSlots; ++i) {
            wheel.Remove(i);
            table.Erase(i, false);
        }
        EXPECT_EQ(wheel.NextDue(), std::nullopt);
    }
}

}  // namespace
}  // namespace holdfast::gateway
