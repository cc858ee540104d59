#include "gateway/config/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace holdfast::gateway::config {
namespace {

using namespace std::chrono_literals;

TEST(SizesAreRead, WithAndWithoutUnits) {
    EXPECT_EQ(ParseSize("1000").value, 1000u);
    EXPECT_EQ(ParseSize("7B").value, 7u);
    EXPECT_EQ(ParseSize("4KiB").value, 4096u);
    EXPECT_EQ(ParseSize("64MiB").value, 64u << 20);
    EXPECT_EQ(ParseSize("2GiB").value, 2ULL << 30);
    EXPECT_EQ(ParseSize("0").value, 0u);
}

TEST(SizesAreRefused, WhenTheUnitIsNotOneOfOurs) {
    for (const char* text : {"64MB", "4kib", "4 KiB", "4K", "4KiBs", "5s"}) {
        const auto parsed = ParseSize(text);
        EXPECT_FALSE(parsed.value) << text;
        EXPECT_NE(parsed.reason.find("is not a unit"), std::string::npos) << text;
    }
}

TEST(SizesAreRefused, WhenTheyAreNoNumber) {
    for (const char* text : {"", "KiB", "-1KiB", "+1", " 1", "0x10", "1.5MiB", "1e3"}) {
        EXPECT_FALSE(ParseSize(text).value) << text;
    }
    EXPECT_EQ(ParseSize("1.5MiB").reason, "use a smaller unit instead of a fraction");
}

TEST(SizesAreRefused, WhenTheyOverflow) {
    EXPECT_EQ(ParseSize("18446744073709551615").value, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(ParseSize("18446744073709551616").reason, "it is too large");
    EXPECT_EQ(ParseSize("17179869183GiB").value, 17179869183ULL << 30);
    EXPECT_EQ(ParseSize("17179869184GiB").reason, "it is too large");
}

TEST(DurationsAreRead, InEveryUnit) {
    EXPECT_EQ(ParseDuration("7ns").value, 7ns);
    EXPECT_EQ(ParseDuration("7us").value, 7us);
    EXPECT_EQ(ParseDuration("250ms").value, 250ms);
    EXPECT_EQ(ParseDuration("5s").value, 5s);
    EXPECT_EQ(ParseDuration("2m").value, 2min);
    EXPECT_EQ(ParseDuration("1h").value, 1h);
    EXPECT_EQ(ParseDuration("0").value, 0ns);
    EXPECT_EQ(ParseDuration("0s").value, 0ns);
}

TEST(DurationsAreRefused, WithoutUnitOrWithAWrongOne) {
    EXPECT_EQ(ParseDuration("5").reason, "a duration needs a unit");
    EXPECT_EQ(ParseDuration("5sec").reason, "'sec' is not a unit");
    EXPECT_EQ(ParseDuration("5MiB").reason, "'MiB' is not a unit");
    EXPECT_FALSE(ParseDuration("-5s").value);
    EXPECT_FALSE(ParseDuration("1m30s").value);
}

TEST(DurationsAreRefused, WhenTheyOverflowSixtyThreeBits) {
    EXPECT_EQ(ParseDuration("9223372036854775807ns").value, std::chrono::nanoseconds::max());
    EXPECT_EQ(ParseDuration("9223372036854775808ns").reason, "it is too large");
    EXPECT_EQ(ParseDuration("2562048h").reason, "it is too large");
    EXPECT_EQ(ParseDuration("99999999999999999999s").reason, "it is too large");
}

TEST(FormattedValues, ReadBackTheSame) {
    for (const std::uint64_t bytes :
         {0ULL, 1ULL, 1000ULL, 1024ULL, 1025ULL, 3ULL << 20, 5ULL << 30}) {
        EXPECT_EQ(ParseSize(FormatSize(bytes)).value, bytes) << FormatSize(bytes);
    }
    for (const std::chrono::nanoseconds time :
         {0ns, std::chrono::nanoseconds(1ns), std::chrono::nanoseconds(1500us),
          std::chrono::nanoseconds(90s), std::chrono::nanoseconds(2h)}) {
        EXPECT_EQ(ParseDuration(FormatDuration(time)).value, time) << FormatDuration(time);
    }
    EXPECT_EQ(FormatSize(64 * kKiB), "64KiB");
    EXPECT_EQ(FormatDuration(1500us), "1500us");
    EXPECT_EQ(FormatDuration(60s), "1m");
}

TEST(Sources, AreReadAndWrittenBack) {
    for (const char* text :
         {"uuid7", "received_at", "body.customer", "path.id", "header.X-Tenant"}) {
        const auto parsed = ParseSource(text);
        ASSERT_TRUE(parsed.value) << text;
        EXPECT_EQ(FormatSource(*parsed.value), text);
    }
}

TEST(Sources, AreRefusedWhenUnknownOrWithoutAName) {
    for (const char* text : {"", "uuid4", "body", "body.", "body.a.b", "path.", "header.a b",
                             "header.a\nb", "query.x"}) {
        EXPECT_FALSE(ParseSource(text).value) << text;
    }
}

TEST(QuotedText, IsCutAndHasNoControlCharacters) {
    EXPECT_EQ(Quoted("a\nb\x1b[0m"), "'a?b?[0m'");
    EXPECT_EQ(Quoted(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace holdfast::gateway::config
