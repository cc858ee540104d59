#include "load/report/format.h"

#include <gtest/gtest.h>

#include "load/report/base64.h"
#include "load/report/escape.h"
#include "load/report/text_table.h"
#include "load/report/utf8.h"
#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

TEST(FormatTest, DurationsHaveThreeDigitsAndAUnit) {
    EXPECT_EQ(FormatDuration(Duration(0)), "0 ns");
    EXPECT_EQ(FormatDuration(Duration(999)), "999 ns");
    EXPECT_EQ(FormatDuration(Duration(1000)), "1.00 µs");
    EXPECT_EQ(FormatDuration(Duration(12'345)), "12.3 µs");
    EXPECT_EQ(FormatDuration(Duration(999'600)), "1.00 ms");
    EXPECT_EQ(FormatDuration(Duration(9'996'000)), "10.0 ms");
    EXPECT_EQ(FormatDuration(Duration(250'000'000)), "250 ms");
    EXPECT_EQ(FormatDuration(std::chrono::seconds(60)), "60.0 s");
    EXPECT_EQ(FormatDuration(std::chrono::seconds(125)), "2 min 05 s");
    EXPECT_EQ(FormatDuration(std::chrono::hours(2)), "2 h 00 min");
}

TEST(FormatTest, CountsRatesSharesAndBytesAreShort) {
    EXPECT_EQ(FormatCount(0), "0");
    EXPECT_EQ(FormatCount(999), "999");
    EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
    EXPECT_EQ(FormatRate(0.5), "0.50");
    EXPECT_EQ(FormatRate(12.34), "12.3");
    EXPECT_EQ(FormatRate(4998.4), "4,998");
    EXPECT_EQ(FormatShare(0), "0 %");
    EXPECT_EQ(FormatShare(0.000021), "0.0021 %");
    EXPECT_EQ(FormatShare(0.123), "12.3 %");
    EXPECT_EQ(FormatShare(1), "100 %");
    EXPECT_EQ(FormatBytes(1023), "1023 B");
    EXPECT_EQ(FormatBytes(1536), "1.50 KiB");
    EXPECT_EQ(FormatBytes(5'000'000'000), "4.66 GiB");
}

TEST(FormatTest, WhatWasMeasuredHasTheUnitOfItsFigure) {
    const auto text = [](const char* figure, double value) {
        return FormatMeasured(MakeThreshold(figure, Threshold::Compare::kLess, 0), value);
    };
    EXPECT_EQ(text("p99.9", 0.0123), "12.3 ms");
    EXPECT_EQ(text("service.mean", 0.5), "500 ms");
    EXPECT_EQ(text("error_rate", 0.001), "0.1 %");
    EXPECT_EQ(text("lost", 3), "3");
    EXPECT_EQ(text("rate", 900), "900/s");
    EXPECT_EQ(text("cpu", 0.5), "50.0 % of a core");
    EXPECT_EQ(text("p99", 1e300), "24 h 00 min");
}

TEST(FormatTest, TimesAreReadBack) {
    using std::chrono::system_clock;
    const system_clock::time_point time(std::chrono::microseconds(1'800'000'000'123'456));
    EXPECT_EQ(FormatTime(time), "2027-01-15T08:00:00.123456Z");
    system_clock::time_point read;
    ASSERT_TRUE(ParseTime("2027-01-15T08:00:00.123456Z", read));
    EXPECT_EQ(read, time);
    for (const char* text :
         {"", "2027-01-15", "2027-01-15T08:00:00Z", "x", "2027-01-15T08:00:00.123456Z ",
          "-957-01-15T08:00:00.123456Z", "9999-01-15T08:00:00.123456Z",
          "2027-02-31T08:00:00.123456Z", "2027-01-15T08:00:00.-23456Z"}) {
        EXPECT_FALSE(ParseTime(text, read)) << text;
    }
}

TEST(FormatTest, WhatIsPrintedMovesNoCursor) {
    EXPECT_EQ(Printable("a\x1b[2Jb\r\n\x7f"), "a?[2Jb???");
    EXPECT_EQ(Printable("\xc2\x9b"
                        "2J"),
              "?2J");
    EXPECT_EQ(Printable("µ \xff"), "µ \xEF\xBF\xBD");
    EXPECT_EQ(Columns("µs"), 2U);
}

TEST(FormatTest, BarsAreDrawnInEighths) {
    EXPECT_EQ(Bar(0, 10), "");
    EXPECT_EQ(Bar(0.5, 4), "██");
    EXPECT_EQ(Bar(1.0 / 8, 1), "▏");
    EXPECT_EQ(Columns(Bar(7, 10)), 10U);
}

TEST(EscapeTest, MarkupBecomesText) {
    EXPECT_EQ(EscapeMarkup("<a href=\"x\">'&\x01\xff"),
              "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Utf8Test, OverlongFormsSurrogatesAndLoneBytesAreReplaced) {
    EXPECT_EQ(ValidUtf8("ok µ € 😀"), "ok µ € 😀");
    EXPECT_EQ(ValidUtf8("\xc0\xaf"), "\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(ValidUtf8("\xed\xa0\x80").substr(0, 3), "\xEF\xBF\xBD");
    EXPECT_EQ(ValidUtf8("\xf4\x90\x80\x80").size(), 12U);
    EXPECT_EQ(ValidUtf8("\xe2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Base64Test, IsReadBackAndRefusesWhatItDidNotWrite) {
    std::string bytes;
    for (int size = 0; size < 300; ++size) {
        std::string original;
        for (int n = 0; n < size; ++n) original += static_cast<char>(n * 37 + size);
        ASSERT_TRUE(FromBase64(ToBase64(original), bytes));
        EXPECT_EQ(bytes, original);
    }
    EXPECT_EQ(ToBase64("Holdfast"), "SG9sZGZhc3Q=");
    for (const char* text : {"A", "AAA", "AAA\n", "=AAA", "A===", "AB==AAAA", "AB==", "AAB="}) {
        EXPECT_FALSE(FromBase64(text, bytes)) << text;
    }
}

}  // namespace
}  // namespace holdfast::load
