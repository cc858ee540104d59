#include "gateway/app/memory_trim.h"

#include <gtest/gtest.h>

namespace holdfast::gateway::app {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

TEST(MemoryTrim, GivesBackOnceAfterAPeak) {
    MemoryTrim trim;
    TimePoint now{};
    EXPECT_FALSE(trim.Due(0, now));
    EXPECT_FALSE(trim.Due(16 * kMiB, now += MemoryTrim::kInterval));
    EXPECT_FALSE(trim.Due(15 * kMiB, now += MemoryTrim::kInterval)) << "not for so little";
    EXPECT_TRUE(trim.Due(kMiB, now += MemoryTrim::kInterval));
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(trim.Due(0, now += MemoryTrim::kInterval));
}

TEST(MemoryTrim, RestsBetweenTwoTimesAndForgetsNoPeak) {
    MemoryTrim trim;
    TimePoint now{};
    trim.Due(16 * kMiB, now);
    EXPECT_TRUE(trim.Due(0, now += MemoryTrim::kInterval));
    EXPECT_FALSE(trim.Due(16 * kMiB, now += MemoryTrim::kInterval));
    EXPECT_FALSE(trim.Due(0, now += MemoryTrim::kInterval));
    EXPECT_TRUE(trim.Due(0, now += MemoryTrim::kRest));
}

}  // namespace
}  // namespace holdfast::gateway::app
