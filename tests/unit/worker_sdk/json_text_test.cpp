#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/json_text.hpp>

#include <string>

namespace holdfast::worker {
namespace {

using Kind = JsonValue::Kind;

std::string Refusal(const std::string& text, int depth = 3) {
    try {
        ParseJson(text, depth);
    } catch (const JsonError& error) {
        return std::to_string(error.place().line) + ":" + std::to_string(error.place().column) +
               ": " + error.what();
    }
    return "taken";
}

TEST(JsonText, GivesValuesWithTheirPlace) {
    const JsonValue root =
        ParseJson(" {\"a\": [1, -2.5e3, true, false, null, \"x\"], \"b\": {}} ", 3);
    EXPECT_EQ(root.offset, 1U);
    const JsonValue* const a = root.Find("a");
    ASSERT_NE(a, nullptr);
    ASSERT_EQ(a->items.size(), 6U);
    EXPECT_EQ(a->items[0].integer, 1);
    EXPECT_EQ(a->items[0].number, 1);
    EXPECT_EQ(a->items[1].kind, Kind::kNumber);
    EXPECT_EQ(a->items[1].number, -2500);
    EXPECT_TRUE(a->items[2].flag);
    EXPECT_FALSE(a->items[3].flag);
    EXPECT_EQ(a->items[3].kind, Kind::kFlag);
    EXPECT_EQ(a->items[4].kind, Kind::kNull);
    EXPECT_EQ(a->items[5].text, "x");
    EXPECT_EQ(a->items[5].offset, 38U);
    EXPECT_EQ(root.Find("b")->kind, Kind::kObject);
    EXPECT_EQ(root.Find("c"), nullptr);
}

TEST(JsonText, TakesEveryEscapeAndTheEdgesOfIntegers) {
    EXPECT_EQ(ParseJson(R"("\"\\\/\b\f\n\r\t\u0041\u00fc\u20ac\ud83d\ude00")", 0).text,
              "\"\\/\b\f\n\r\tA\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(ParseJson("-9223372036854775808", 0).integer, INT64_MIN);
    EXPECT_EQ(ParseJson("9223372036854775807", 0).kind, Kind::kInteger);
    EXPECT_EQ(ParseJson("9223372036854775808", 0).kind, Kind::kNumber);
    EXPECT_EQ(ParseJson("-0", 0).integer, 0);
    EXPECT_EQ(ParseJson("0.5", 0).number, 0.5);
}

TEST(JsonText, RefusesWhatIsNoJsonAndSaysWhere) {
    EXPECT_EQ(Refusal(""), "1:1: the text ends where a value is wanted");
    EXPECT_EQ(Refusal("{\n \"a\":"), "2:6: the text ends where a value is wanted");
    EXPECT_EQ(Refusal("nul"), "1:1: a JSON value is wanted here");
    EXPECT_EQ(Refusal("{'a':1}"), "1:2: the name of a member, in double quotes, is wanted here");
    EXPECT_EQ(Refusal("{\"a\":1,}"), "1:8: the name of a member, in double quotes, is wanted here");
    EXPECT_EQ(Refusal("{\"a\" 1}"), "1:6: a ':' is wanted here");
    EXPECT_EQ(Refusal("{\"a\":1"), "1:7: a ',' or '}' is wanted here");
    EXPECT_EQ(Refusal("[1 2]"), "1:4: a ',' or ']' is wanted here");
    EXPECT_EQ(Refusal("[1,]"), "1:4: a JSON value is wanted here");
    EXPECT_EQ(Refusal("1 x"), "1:3: something follows the end of the JSON value");
    EXPECT_EQ(Refusal("{\"a\":1,\"a\":2}"), "1:8: \"a\" appears twice in one object");
    EXPECT_EQ(Refusal("[[[[]]]]"), "1:4: nested too deeply");
    EXPECT_EQ(Refusal("\"\xc3\xa4\x01\""), "1:3: a control character in a string must be escaped");
    EXPECT_EQ(Refusal("\"abc"), "1:1: the string has no end");
    EXPECT_EQ(Refusal("\"\\"), "1:2: this is not an escape of JSON");
    EXPECT_EQ(Refusal("\"\\x\""), "1:2: this is not an escape of JSON");
    EXPECT_EQ(Refusal("\"\\u12\""), "1:2: \\u needs four hexadecimal digits");
    EXPECT_EQ(Refusal(R"("\ud83d")"), "1:2: half of a surrogate pair");
    EXPECT_EQ(Refusal(R"("\ud83dA")"), "1:2: half of a surrogate pair");
    EXPECT_EQ(Refusal(R"("\ude00")"), "1:2: half of a surrogate pair");
    EXPECT_EQ(Refusal("1e999"), "1:1: the number is out of range");
    for (const char* number : {"-", "01", "1.", "1.x", "1e", "1e+"}) {
        EXPECT_EQ(Refusal(number), "1:1: this is not a JSON number") << number;
    }
    for (const char* bytes :
         {"\"\xff\"", "\"\xc0\x80\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"",
          "\"\xf4\x90\x80\x80\"", "\"\xf0\x80\x80\x80\"", "\"\xe2\x82\"", "\"\x80\""}) {
        EXPECT_EQ(Refusal(bytes), "1:2: this is not valid UTF-8");
    }
}

TEST(JsonText, TakesNoLongerForADeepTextThanForAnother) {
    EXPECT_EQ(Refusal(std::string(1'000'000, '['), 64), "1:65: nested too deeply");
}

}  // namespace
}  // namespace holdfast::worker
