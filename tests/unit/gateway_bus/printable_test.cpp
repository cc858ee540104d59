#include "gateway/bus/printable.h"

#include <gtest/gtest.h>

namespace holdfast::gateway {
namespace {

TEST(PrintableTest, KeepsUtf8AndReplacesControlCharacters) {
    EXPECT_EQ(Printable("plain", 100), "plain");
    EXPECT_EQ(Printable("gr\xC3\xB6\xC3\x9F"
                        "e \xE2\x82\xAC \xF0\x9F\x98\x80",
                        100),
              "gr\xC3\xB6\xC3\x9F"
              "e \xE2\x82\xAC \xF0\x9F\x98\x80");
    EXPECT_EQ(Printable("a\nb\tc\x7F"
                        "d\xC2\x85"
                        "e",
                        100),
              "a b c d e");
    EXPECT_EQ(Printable(std::string_view("a\0b", 3), 100), "a b");
}

TEST(PrintableTest, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(Printable("caf\xE9", 100), "caf?");
    EXPECT_EQ(Printable("\xC0\xAF", 100), "??");            // overlong
    EXPECT_EQ(Printable("\xED\xA0\x80", 100), "???");       // a surrogate
    EXPECT_EQ(Printable("\xF4\x90\x80\x80", 100), "????");  // beyond U+10FFFF
    EXPECT_EQ(Printable("\xE2\x82", 100), "??");            // cut
    EXPECT_EQ(Printable("\x80", 100), "?");
}

TEST(PrintableTest, NeverCutsACharacterInTwo) {
    EXPECT_EQ(Printable("ab\xE2\x82\xAC", 4), "ab");
    EXPECT_EQ(Printable("ab\xE2\x82\xAC", 5), "ab\xE2\x82\xAC");
    EXPECT_EQ(Printable("abc", 0), "");
}

}  // namespace
}  // namespace holdfast::gateway
