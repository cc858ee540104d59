#include "gateway/core/inflight_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

TEST(InflightBudgetTest, AdmitsUpToItsRequestsAndGivesThemBack) {
    InflightBudget budget({.requests = 2, .bytes = 1000, .upload_bytes = 1000});
    auto first = budget.TryAdmit(10);
    auto second = budget.TryAdmit(10);
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(budget.TryAdmit(10));
    EXPECT_EQ(budget.requests(), 2U);
    EXPECT_EQ(budget.bytes(), 20U);
    first.reset();
    EXPECT_TRUE(budget.TryAdmit(10));
}

TEST(InflightBudgetTest, RefusesBytesBeyondItsBoundAndChangesNothing) {
    InflightBudget budget({.requests = 10, .bytes = 100, .upload_bytes = 100});
    const auto permit = budget.TryAdmit(60);
    ASSERT_TRUE(permit);
    EXPECT_FALSE(budget.TryAdmit(41));
    EXPECT_EQ(budget.requests(), 1U);
    EXPECT_EQ(budget.bytes(), 60U);
    EXPECT_TRUE(budget.TryAdmit(40));
}

TEST(InflightBudgetTest, AnAmountThatWouldOverflowIsRefused) {
    InflightBudget budget({.requests = 10, .bytes = 100, .upload_bytes = 100});
    auto permit = budget.TryAdmit(50);
    ASSERT_TRUE(permit);
    EXPECT_FALSE(budget.TryAdmit(std::numeric_limits<std::uint64_t>::max() - 10));
    EXPECT_FALSE(permit->TryGrowUpload(std::numeric_limits<std::uint64_t>::max() - 10));
    EXPECT_EQ(budget.bytes(), 50U);
}

TEST(InflightBudgetTest, AnUploadCountsAgainstItsShareUntilItIsFinished) {
    InflightBudget budget({.requests = 10, .bytes = 100, .upload_bytes = 30});
    auto permit = budget.TryAdmit(10);
    ASSERT_TRUE(permit->TryGrowUpload(30));
    EXPECT_EQ(budget.upload_bytes(), 30U);
    auto other = budget.TryAdmit(10);
    EXPECT_FALSE(other->TryGrowUpload(1));
    permit->FinishUpload();
    EXPECT_EQ(budget.upload_bytes(), 0U);
    EXPECT_EQ(budget.bytes(), 50U);
    EXPECT_TRUE(other->TryGrowUpload(30));
    EXPECT_EQ(permit->bytes(), 40U);
}

TEST(InflightBudgetTest, WhatIsHereAlreadyDoesNotCountAsAnUpload) {
    InflightBudget budget({.requests = 10, .bytes = 100, .upload_bytes = 30});
    auto permit = budget.TryAdmit(10);
    EXPECT_TRUE(permit->TryGrow(80));
    EXPECT_EQ(budget.upload_bytes(), 0U);
    EXPECT_EQ(permit->bytes(), 90U);
    EXPECT_FALSE(permit->TryGrow(11));
    EXPECT_EQ(budget.bytes(), 90U);
}

TEST(InflightBudgetTest, AnUploadThatDoesNotFitTheBytesGivesItsShareBack) {
    InflightBudget budget({.requests = 10, .bytes = 100, .upload_bytes = 90});
    auto holder = budget.TryAdmit(80);
    auto permit = budget.TryAdmit(10);
    EXPECT_FALSE(permit->TryGrowUpload(11));
    EXPECT_EQ(budget.upload_bytes(), 0U);
    EXPECT_EQ(permit->bytes(), 10U);
    EXPECT_TRUE(permit->TryGrowUpload(10));
}

TEST(InflightBudgetTest, APermitReleasedInTheMiddleOfAnUploadGivesEverythingBack) {
    InflightBudget budget({.requests = 1, .bytes = 100, .upload_bytes = 50});
    auto permit = budget.TryAdmit(10);
    ASSERT_TRUE(permit->TryGrowUpload(20));
    permit->Release();
    EXPECT_FALSE(*permit);
    EXPECT_EQ(budget.requests() + budget.bytes() + budget.upload_bytes(), 0U);
    permit->Release();
    permit->FinishUpload();
    EXPECT_EQ(budget.requests(), 0U);
}

TEST(InflightBudgetTest, AMovedPermitIsReleasedOnce) {
    InflightBudget budget({.requests = 2, .bytes = 100, .upload_bytes = 50});
    {
        Permit kept;
        EXPECT_FALSE(kept);
        {
            auto permit = budget.TryAdmit(10);
            ASSERT_TRUE(permit->TryGrowUpload(5));
            kept = std::move(*permit);
        }
        EXPECT_TRUE(kept);
        EXPECT_EQ(budget.bytes(), 15U);
        EXPECT_EQ(budget.upload_bytes(), 5U);
        kept = std::move(*budget.TryAdmit(20));
        EXPECT_EQ(budget.bytes(), 20U);
        EXPECT_EQ(budget.requests(), 1U);
    }
    EXPECT_EQ(budget.requests() + budget.bytes() + budget.upload_bytes(), 0U);
}

TEST(InflightBudgetTest, ManyThreadsNeverPassTheBoundsAndLeaveNothing) {
    const InflightBudget::Limits limits{.requests = 8, .bytes = 5'000, .upload_bytes = 2'000};
    InflightBudget budget(limits);
    const auto churn = [&](unsigned seed) {
        std::mt19937 random(seed);
        std::vector<Permit> held;
        for (int step = 0; step < 20'000; ++step) {
            if (auto permit = budget.TryAdmit(random() % 900)) held.push_back(std::move(*permit));
            if (!held.empty() && held.back().TryGrowUpload(random() % 500) && random() % 2 == 0) {
                held.back().FinishUpload();
            }
            EXPECT_LE(budget.requests(), limits.requests);
            EXPECT_LE(budget.bytes(), limits.bytes);
            if (held.size() > random() % 4) held.erase(held.begin());
        }
    };
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(churn, seed);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(budget.requests() + budget.bytes() + budget.upload_bytes(), 0U);
}

}  // namespace
}  // namespace holdfast::gateway
