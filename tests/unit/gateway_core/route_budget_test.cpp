#include "gateway/core/route_budget.h"

#include <gtest/gtest.h>

#include "gateway/core/inflight_budget.h"

namespace holdfast::gateway {
namespace {

TEST(RouteBudgetTest, BoundsRequestsAndBytesAndTakesBackWhatIsLetGo) {
    RouteBudget budget({.requests = 2, .bytes = 100});
    auto first = budget.TryAdmit(60);
    ASSERT_TRUE(first);
    EXPECT_FALSE(budget.TryAdmit(41)) << "bytes";
    auto second = budget.TryAdmit(40);
    ASSERT_TRUE(second);
    EXPECT_FALSE(budget.TryAdmit(0)) << "requests";
    EXPECT_EQ(budget.bytes(), 100U);
    first.reset();
    EXPECT_EQ(budget.requests(), 1U);
    EXPECT_EQ(budget.bytes(), 40U);
}

TEST(RouteBudgetTest, AGrowthThatIsRefusedChangesNothing) {
    RouteBudget budget({.requests = 1, .bytes = 100});
    auto share = budget.TryAdmit(60);
    EXPECT_FALSE(share->TryGrow(41));
    EXPECT_EQ(budget.bytes(), 60U);
    EXPECT_TRUE(share->TryGrow(40));
    share->Shrink(10);
    EXPECT_EQ(budget.bytes(), 90U);
}

TEST(RouteBudgetTest, AMovedShareIsGivenBackOnce) {
    RouteBudget budget({.requests = 2, .bytes = 100});
    RouteShare kept;
    {
        auto share = budget.TryAdmit(10);
        kept = std::move(*share);
    }
    EXPECT_EQ(budget.requests(), 1U);
    kept = RouteShare();
    EXPECT_EQ(budget.requests(), 0U);
    EXPECT_EQ(budget.bytes(), 0U);
}

TEST(RouteBudgetTest, ARouteWithoutLimitsGrantsEverything) {
    RouteShare share;
    EXPECT_TRUE(share.TryGrow(1ULL << 60U));
}

TEST(RouteBudgetTest, APermitHoldsItsRoutesShareAndSaysWhoRefused) {
    InflightBudget whole({.requests = 10, .bytes = 1000, .upload_bytes = 500});
    RouteBudget route({.requests = 1, .bytes = 300});
    {
        auto permit = whole.TryAdmit(100, std::move(*route.TryAdmit(100)));
        ASSERT_TRUE(permit);
        EXPECT_FALSE(route.TryAdmit(1));
        EXPECT_TRUE(whole.TryAdmit(1)) << "others have room";
        EXPECT_FALSE(permit->TryGrowUpload(201));
        EXPECT_TRUE(permit->refused_by_route());
        EXPECT_EQ(whole.upload_bytes(), 0U);
        EXPECT_TRUE(permit->TryGrowUpload(200));
        EXPECT_EQ(route.bytes(), 300U);
        auto moved = std::move(*permit);
        EXPECT_EQ(route.requests(), 1U);
    }
    EXPECT_EQ(route.requests(), 0U);
    EXPECT_EQ(route.bytes(), 0U);
    EXPECT_EQ(whole.bytes(), 0U);
}

TEST(RouteBudgetTest, WhatTheWholeBudgetRefusesIsNotLeftInTheRoutes) {
    InflightBudget whole({.requests = 1, .bytes = 150, .upload_bytes = 500});
    RouteBudget route({.requests = 10, .bytes = 1000});
    auto permit = whole.TryAdmit(100, std::move(*route.TryAdmit(100)));
    EXPECT_FALSE(permit->TryGrow(51));
    EXPECT_FALSE(permit->refused_by_route());
    EXPECT_EQ(route.bytes(), 100U);
    EXPECT_FALSE(whole.TryAdmit(10, std::move(*route.TryAdmit(10))));
    EXPECT_EQ(route.requests(), 1U);
    EXPECT_EQ(route.bytes(), 100U);
}

}  // namespace
}  // namespace holdfast::gateway
