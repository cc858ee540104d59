#include "gateway/core/field_list.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

std::vector<std::pair<std::string, std::string>> Read(const FieldList& list) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const Field field : list) fields.emplace_back(field.name, field.value);
    return fields;
}

TEST(FieldListTest, StartsEmpty) {
    const FieldList list;
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.begin(), list.end());
    EXPECT_EQ(list.Find("any").data(), nullptr);
}

TEST(FieldListTest, KeepsOrderRepeatedNamesAndEmptyParts) {
    FieldList list;
    list.Append("b", "2");
    list.Append("a", "");
    list.Append("", "nameless");
    list.Append("b", "3");
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"b", "2"}, {"a", ""}, {"", "nameless"}, {"b", "3"}};
    EXPECT_EQ(Read(list), expected);
}

TEST(FieldListTest, KeepsBytesThatAreNotText) {
    FieldList list;
    const std::string value("a\0b\xFF", 4);
    list.Append("binary", value);
    EXPECT_EQ(list.Find("binary"), value);
}

TEST(FieldListTest, FindsTheFirstFieldWithoutRegardToCase) {
    FieldList list;
    list.Append("Content-Type", "text/plain");
    list.Append("content-type", "second");
    EXPECT_EQ(list.Find("CONTENT-TYPE"), "text/plain");
    EXPECT_FALSE(list.Contains("content-typ"));
    EXPECT_FALSE(list.Contains("content-type2"));
}

TEST(FieldListTest, TellsAnEmptyValueFromAMissingField) {
    FieldList list;
    list.Append("present", "");
    EXPECT_TRUE(list.Contains("present"));
    EXPECT_TRUE(list.Find("present").empty());
    EXPECT_FALSE(list.Contains("absent"));
}

TEST(FieldListTest, ClearGivesItsMemoryBack) {
    FieldList list;
    list.Append("name", std::string(1000, 'x'));
    EXPECT_GE(list.bytes(), 1000U);
    list.Clear();
    EXPECT_TRUE(list.empty());
    EXPECT_LT(list.bytes(), 100U);
}

TEST(FieldListTest, ComparesOnlyAsciiLettersWithoutRegardToCase) {
    EXPECT_TRUE(EqualsIgnoringCase("aZ-9", "Az-9"));
    EXPECT_FALSE(EqualsIgnoringCase("[", "{"));
    EXPECT_FALSE(EqualsIgnoringCase("\xC4", "\xE4"));
    EXPECT_FALSE(EqualsIgnoringCase("a", "ab"));
}

}  // namespace
}  // namespace holdfast::gateway
