#include "load/result/quantity.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string_view>

namespace holdfast::load {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, ReadsDurationsWithUnitsAndFractions) {
    EXPECT_EQ(ParseDuration("250ms"), Duration(250ms));
    EXPECT_EQ(ParseDuration("1.5s"), Duration(1500ms));
    EXPECT_EQ(ParseDuration("2m"), Duration(2min));
    EXPECT_EQ(ParseDuration("0"), Duration(0));
    EXPECT_EQ(ParseDuration("7us"), Duration(7us));
    for (const std::string_view bad :
         {"", "5", "s", "5 s", "-1s", "1e3s", "1.2.3s", "5sec", "9999999h", "nan", "0x1s"}) {
        EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
    }
}

TEST(Quantity, ReadsRatesPerSecond) {
    EXPECT_EQ(ParseRate("500"), 500.0);
    EXPECT_EQ(ParseRate("500/s"), 500.0);
    EXPECT_EQ(ParseRate("90/m"), 1.5);
    for (const std::string_view bad : {"0", "-5", "5/d", "10000001", "/s", ""}) {
        EXPECT_EQ(ParseRate(bad), std::nullopt) << bad;
    }
}

TEST(Quantity, ReadsSizesSharesAndCounts) {
    EXPECT_EQ(ParseSize("4KiB"), 4096U);
    EXPECT_EQ(ParseSize("100B"), 100U);
    EXPECT_EQ(ParseSize("0.5B"), std::nullopt);
    EXPECT_EQ(ParseSize("4KB"), std::nullopt);
    EXPECT_EQ(ParseShare("5%"), 0.05);
    EXPECT_EQ(ParseShare("0.05"), 0.05);
    EXPECT_EQ(ParseShare("five"), std::nullopt);
    EXPECT_EQ(ParseCount("12"), 12U);
    EXPECT_EQ(ParseCount("-1"), std::nullopt);
    EXPECT_EQ(ParseCount("18446744073709551616"), std::nullopt);
    EXPECT_EQ(ParseNumber("inf"), std::nullopt);
    EXPECT_EQ(ParseNumber("-1.5"), -1.5);
}

TEST(Quantity, SuggestsTheNearestNameOrListsAll) {
    constexpr std::array<std::string_view, 3> kKnown{"rate", "duration", "users"};
    EXPECT_EQ(Suggestion("raet", kKnown), "did you mean 'rate'?");
    EXPECT_EQ(Suggestion("Duration", kKnown), "did you mean 'duration'?");
    EXPECT_EQ(Suggestion("x", kKnown), "known are rate, duration, users");
    EXPECT_EQ(Suggestion(std::string(1000, 'r'), kKnown), "known are rate, duration, users");
}

TEST(Quantity, QuotesForeignTextShortAndWithoutControlCharacters) {
    EXPECT_EQ(Quoted("a\nb"), "'a?b'");
    EXPECT_EQ(Quoted(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace holdfast::load
