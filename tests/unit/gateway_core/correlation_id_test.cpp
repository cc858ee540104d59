#include "gateway/core/correlation_id.h"

#include <gtest/gtest.h>

namespace holdfast::gateway {
namespace {

TEST(CorrelationIdTest, KeepsSlotAndGenerationApart) {
    const CorrelationId id(0xABCDEF, 0x1234567890);
    EXPECT_EQ(id.slot(), 0xABCDEFU);
    EXPECT_EQ(id.generation(), 0x1234567890U);
    EXPECT_EQ(CorrelationId(id.value()), id);
}

TEST(CorrelationIdTest, HoldsTheLargestSlotAndGeneration) {
    const CorrelationId id(CorrelationId::kUnsuspendedSlot, CorrelationId::kGenerationMask);
    EXPECT_EQ(id.value(), ~std::uint64_t{0});
    EXPECT_EQ(id.slot(), CorrelationId::kUnsuspendedSlot);
    EXPECT_EQ(id.generation(), CorrelationId::kGenerationMask);
}

TEST(CorrelationIdTest, DropsGenerationBitsThatDoNotFit) {
    EXPECT_EQ(CorrelationId(7, CorrelationId::kGenerationMask + 1 + 5), CorrelationId(7, 5));
}

TEST(CorrelationIdTest, PrintsSixteenLowerCaseDigits) {
    EXPECT_EQ(ToString(CorrelationId(0)), "0000000000000000");
    EXPECT_EQ(ToString(CorrelationId(0xAB)), "00000000000000ab");
    EXPECT_EQ(ToString(CorrelationId(0x0123456789ABCDEF)), "0123456789abcdef");
    EXPECT_EQ(ToString(CorrelationId(~std::uint64_t{0})), "ffffffffffffffff");
}

}  // namespace
}  // namespace holdfast::gateway
