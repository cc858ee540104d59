#include "load/engine/deadlines.h"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint kStart{std::chrono::seconds(100)};

std::vector<std::uint32_t> Expire(Deadlines& deadlines, TimePoint now) {
    std::vector<std::uint32_t> expired;
    deadlines.Expire(now, [&](std::uint32_t index) { expired.push_back(index); });
    return expired;
}

TEST(DeadlinesTest, FireOnceWhenTheyHaveCome) {
    Deadlines deadlines(3);
    EXPECT_EQ(deadlines.next(), TimePoint::max());
    deadlines.Set(2, kStart + milliseconds(10));
    deadlines.Set(0, kStart + milliseconds(20));
    EXPECT_EQ(deadlines.next(), kStart + milliseconds(10));
    EXPECT_TRUE(Expire(deadlines, kStart + milliseconds(9)).empty());
    EXPECT_EQ(Expire(deadlines, kStart + milliseconds(10)), std::vector<std::uint32_t>{2});
    EXPECT_EQ(deadlines.next(), kStart + milliseconds(20));
    EXPECT_EQ(Expire(deadlines, kStart + milliseconds(50)), std::vector<std::uint32_t>{0});
    EXPECT_EQ(deadlines.next(), TimePoint::max());
}

TEST(DeadlinesTest, AClearedOrLaterOneDoesNotFire) {
    Deadlines deadlines(2);
    deadlines.Set(0, kStart + milliseconds(10));
    deadlines.Clear(0);
    deadlines.Set(1, kStart + milliseconds(10));
    deadlines.Set(1, kStart + milliseconds(30));
    EXPECT_TRUE(Expire(deadlines, kStart + milliseconds(10)).empty());
    EXPECT_EQ(deadlines.next(), kStart + milliseconds(30));
}

TEST(DeadlinesTest, OneThatIsSetWhileOthersFireIsNotLost) {
    Deadlines deadlines(2);
    deadlines.Set(0, kStart);
    deadlines.Set(1, kStart);
    const TimePoint again = kStart + milliseconds(5);
    deadlines.Expire(kStart, [&](std::uint32_t index) { deadlines.Set(1 - index, again); });
    EXPECT_EQ(deadlines.next(), again);
    EXPECT_FALSE(Expire(deadlines, again).empty());
}

TEST(DeadlinesTest, ManyThatComeOneAfterTheOtherAreNotLookedAtOneByOne) {
    Deadlines deadlines(2);
    deadlines.Set(0, kStart);
    deadlines.Set(1, kStart + std::chrono::microseconds(1));
    EXPECT_EQ(Expire(deadlines, kStart).size(), 1U);
    EXPECT_EQ(deadlines.next(), kStart + Deadlines::kRest);
}

}  // namespace
}  // namespace holdfast::load
