#include "gateway/http/deadline_wheel.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace holdfast::gateway::http {
namespace {

using std::chrono::milliseconds;

struct Wheel {
    TimePoint origin{std::chrono::hours(1)};
    DeadlineWheel wheel{milliseconds(10), origin};
    int fired = 0;

    void To(int ms) {
        wheel.Advance(origin + milliseconds(ms), [this](DeadlineEntry&) { ++fired; });
    }
};

TEST(DeadlineWheel, FiresOnceNeverEarlyAndAtMostATickLate) {
    Wheel w;
    DeadlineEntry entry;
    w.wheel.Set(entry, w.origin + milliseconds(35));
    w.To(34);
    EXPECT_EQ(w.fired, 0);
    w.To(45);
    EXPECT_EQ(w.fired, 1);
    w.To(10'000);
    EXPECT_EQ(w.fired, 1);
    w.wheel.Remove(entry);
}

TEST(DeadlineWheel, ADeadlineMovesLaterAndEarlierAndAway) {
    Wheel w;
    DeadlineEntry entry;
    w.wheel.Set(entry, w.origin + milliseconds(50));
    w.wheel.Set(entry, w.origin + milliseconds(90'000));
    w.To(89'000);
    EXPECT_EQ(w.fired, 0);
    w.wheel.Set(entry, w.origin + milliseconds(89'020));
    w.To(89'040);
    EXPECT_EQ(w.fired, 1);
    w.wheel.Set(entry, w.origin + milliseconds(89'100));
    w.wheel.Clear(entry);
    w.To(95'000);
    EXPECT_EQ(w.fired, 1);
    w.wheel.Set(entry, w.origin + milliseconds(95'010));
    w.To(95'030);
    EXPECT_EQ(w.fired, 2);
    w.wheel.Remove(entry);
}

TEST(DeadlineWheel, ALoopThatStoodStillMissesNothing) {
    Wheel w;
    std::deque<DeadlineEntry> entries(1000);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        w.wheel.Set(entries[i], w.origin + milliseconds(7 * i));
    }
    w.To(20'000);
    EXPECT_EQ(w.fired, 1000);
    for (DeadlineEntry& entry : entries) w.wheel.Remove(entry);
}

TEST(DeadlineWheel, AnEntryMayBeSetOrRemovedWhileOthersFire) {
    const TimePoint origin{std::chrono::hours(1)};
    DeadlineWheel wheel(milliseconds(10), origin);
    DeadlineEntry a;
    DeadlineEntry b;
    DeadlineEntry c;
    for (DeadlineEntry* entry : {&a, &b, &c}) wheel.Set(*entry, origin + milliseconds(15));
    int fired = 0;
    wheel.Advance(origin + milliseconds(30), [&](DeadlineEntry& entry) {
        ++fired;
        if (&entry != &a) wheel.Remove(a);
        wheel.Set(entry, origin + milliseconds(30));
    });
    EXPECT_GE(fired, 2);
    wheel.Advance(origin + milliseconds(60), [&](DeadlineEntry&) { ++fired; });
    EXPECT_GE(fired, 4);
    for (DeadlineEntry* entry : {&a, &b, &c}) wheel.Remove(*entry);
}

TEST(DeadlineWheel, AgreesWithASimpleModel) {
    std::mt19937 random(7);
    const TimePoint origin{std::chrono::hours(1)};
    DeadlineWheel wheel(milliseconds(10), origin);
    std::deque<DeadlineEntry> entries(50);
    std::vector<int> due(entries.size(), -1);
    int now = 0;
    for (int step = 0; step < 20'000; ++step) {
        const std::size_t i = random() % entries.size();
        switch (random() % 4) {
            case 0:
            case 1:
                due[i] = now + static_cast<int>(random() % 6000);
                wheel.Set(entries[i], origin + milliseconds(due[i]));
                break;
            case 2:
                due[i] = -1;
                wheel.Clear(entries[i]);
                break;
            default:
                now += static_cast<int>(random() % 300);
                wheel.Advance(origin + milliseconds(now), [&](DeadlineEntry& entry) {
                    for (std::size_t k = 0; k < entries.size(); ++k) {
                        if (&entries[k] != &entry) continue;
                        EXPECT_GE(due[k], 0);
                        EXPECT_LE(due[k], now);
                        due[k] = -1;
                    }
                });
                for (const int left : due) EXPECT_GT(left == -1 ? now : left, now - 20);
        }
    }
    for (DeadlineEntry& entry : entries) wheel.Remove(entry);
}

}  // namespace
}  // namespace holdfast::gateway::http
