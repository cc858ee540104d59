#include "worker/plugins/orders/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace holdfast::orders {
namespace {

constexpr Minor kMost = std::numeric_limits<Minor>::max();

TEST(Money, AddsUnlessTheSumDoesNotFit) {
    EXPECT_EQ(Add(1290, 710), 2000);
    EXPECT_EQ(Add(kMost - 1, 1), kMost);
    EXPECT_EQ(Add(kMost, 1), std::nullopt);
}

TEST(Money, MultipliesUnlessTheProductDoesNotFit) {
    EXPECT_EQ(Multiply(1290, 3), 3870);
    EXPECT_EQ(Multiply(1, kMost), kMost);
    EXPECT_EQ(Multiply(2, kMost), std::nullopt);
}

TEST(Money, RoundsTaxHalfUpToTheMinorUnit) {
    EXPECT_EQ(TaxOn(0, 1900), 0);
    EXPECT_EQ(TaxOn(2580, 700), 181);  // 180.60
    EXPECT_EQ(TaxOn(50, 700), 4);      // 3.50
    EXPECT_EQ(TaxOn(49, 700), 3);      // 3.43
    EXPECT_EQ(TaxOn(895, 1900), 170);  // 170.05
    EXPECT_EQ(TaxOn(12345, 0), 0);
    EXPECT_EQ(TaxOn(12345, kMaxTaxRate), 12345);
}

TEST(Money, TaxOnTheLargestAmountDoesNotOverflow) {
    EXPECT_EQ(TaxOn(kMost, kMaxTaxRate), kMost);
    EXPECT_EQ(TaxOn(kMost, 1900), 1752440687002407403);  // 19 % of 2^63 - 1
}

}  // namespace
}  // namespace holdfast::orders
