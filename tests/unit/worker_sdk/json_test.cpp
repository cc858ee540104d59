#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/json.hpp>

#include <chrono>
#include <string>

namespace holdfast::worker {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(StrictJson, GivesTheValue) {
    EXPECT_EQ(ParseStrictJson(R"({"a": [1, 18446744073709551615]})").value,
              json({{"a", {1, 18446744073709551615U}}}));
}

TEST(StrictJson, SaysWhereItIsNone) {
    EXPECT_THAT(ParseStrictJson("{\"a\":\n 1,}").error,
                HasSubstr("not valid JSON: line 2, column 4: the name of a member"));
    EXPECT_THAT(ParseStrictJson("").error, HasSubstr("not valid JSON: line 1, column 1"));
    EXPECT_THAT(ParseStrictJson("\"\xff\"").error, HasSubstr("not valid UTF-8"));
    EXPECT_THAT(ParseStrictJson("1e999").error, HasSubstr("out of range"));
    EXPECT_THAT(ParseStrictJson(R"({"a":1,"a":2})").error, HasSubstr("appears twice"));
    EXPECT_THAT(ParseStrictJson("[[1]]", 1).error, HasSubstr("nested too deeply"));
    EXPECT_THAT(ParseStrictJson(std::string(1'000'000, '[')).error, HasSubstr("too deeply"));
}

TEST(StrictJson, TakesNoTimeForAHostileBodyThatGrowsWithItsSquare) {
    std::string body = "{";
    for (int i = 0; body.size() < 1'000'000; ++i) body += '"' + std::to_string(i) + "\":0,";
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(ParseStrictJson(body).error, HasSubstr("the name of a member"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(JsonReplies, HaveTheirContentType) {
    const Reply reply = JsonReply(json{{"price", 42}}, 201);
    EXPECT_EQ(reply.status, 201U);
    EXPECT_EQ(reply.headers[0].second, "application/json");
    EXPECT_EQ(reply.body, R"({"price":42})");
    EXPECT_THAT(JsonReply(json("\xff")).body, HasSubstr("\xef\xbf\xbd"));
}

TEST(JsonReplies, OfAProblemAreThoseOfTheRfc) {
    const Reply reply = ProblemReply(ParseStrictJson("nul").ToProblem());
    EXPECT_EQ(reply.status, 400U);
    EXPECT_EQ(reply.headers[0].second, "application/problem+json");
    const json body = json::parse(reply.body);
    EXPECT_EQ(body["type"], "urn:holdfast:problem:malformed-json");
    EXPECT_EQ(body["field"], "body");
    EXPECT_THAT(std::string(body["detail"]), HasSubstr("line 1, column 1"));
    EXPECT_FALSE(json::parse(ProblemReply({.title = "t"}).body).contains("field"));
}

}  // namespace
}  // namespace holdfast::worker
