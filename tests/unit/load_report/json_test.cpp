#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "load/report/report.h"
#include "tests/support/load/make_result.h"
#include "tests/support/load/rich_result.h"

namespace holdfast::load {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

std::string Written(const Result& result) {
    std::ostringstream out;
    WriteJson(result, out);
    return out.str();
}

std::string Refusal(const std::string& text) {
    try {
        ParseResult(text, "a.json");
    } catch (const ResultError& error) {
        return error.what();
    }
    return "";
}

TEST(ResultJsonTest, WhatIsReadBackIsTheSameResult) {
    for (const Result& result : {MakeResult(), RichResult(), ClosedLoopResult(), SearchResult()}) {
        const std::string text = Written(result);
        const Result read = ParseResult(text, "a.json");
        EXPECT_EQ(Written(read), text);
        EXPECT_EQ(read.seed, result.seed);
        EXPECT_EQ(read.started, result.started);
        EXPECT_EQ(read.load.Length(), result.load.Length());
        ASSERT_EQ(read.intervals.size(), result.intervals.size());
        for (std::size_t n = 0; n < read.intervals.size(); ++n) {
            EXPECT_EQ(read.intervals[n].steps, result.intervals[n].steps);
            EXPECT_EQ(read.intervals[n].slip, result.intervals[n].slip);
        }
        EXPECT_EQ(read.marks.size(), result.marks.size());
        EXPECT_EQ(read.thresholds.size(), result.thresholds.size());
        EXPECT_EQ(read.limit, result.limit);
    }
}

TEST(ResultJsonTest, AResultWithNothingInItIsOneToo) {
    const std::string text = Written(Result());
    EXPECT_EQ(Written(ParseResult(text, "a.json")), text);
}

TEST(ResultJsonTest, WhatIsNoResultIsRefusedInOneLineThatSaysWhy) {
    EXPECT_THAT(Refusal("{"), HasSubstr("a.json: this is no JSON, from byte 2"));
    EXPECT_THAT(Refusal("[]"), HasSubstr("no result of holdfast-load"));
    EXPECT_THAT(Refusal("{}"), HasSubstr("no result of holdfast-load"));
    EXPECT_THAT(Refusal(R"({"format":"holdfast-load-result","format_version":9})"),
                HasSubstr("its format version is 9, and this program reads 1"));
    EXPECT_THAT(Refusal(R"({"format":"holdfast-load-result","format_version":1})"),
                HasSubstr("\"flow\" is missing"));
    try {
        ReadResult("/nonexistent/a.json");
        FAIL();
    } catch (const ResultError& error) {
        EXPECT_THAT(error.what(), HasSubstr("/nonexistent/a.json: this file cannot be read"));
    }
}

// Puts something else in the place of each value of a whole result: it is read, or refused.
TEST(ResultJsonTest, WithAnyValueReplacedItIsReadOrRefused) {
    Result result = RichResult();
    result.intervals.resize(2);
    result.ops.resize(1);
    result.probes.push_back({100, false, "p99"});
    const Json whole = Json::parse(Written(result));
    const Json flat = whole.flatten();
    const std::vector<Json> others = {Json(), -1, 1e300, "x", Json::object()};
    std::size_t turn = 0;
    std::size_t refused = 0;
    for (const auto& [path, value] : flat.items()) {
        if (path.find("buckets") != std::string::npos) continue;
        // One of them each, in turn: all would take long under sanitizers.
        Json changed = whole;
        changed[Json::json_pointer(path)] = others[turn++ % others.size()];
        const std::string refusal = Refusal(changed.dump());
        refused += !refusal.empty();
        EXPECT_EQ(refusal.find('\n'), std::string::npos) << refusal;
    }
    EXPECT_GT(refused, 80U);
}

TEST(ResultJsonTest, SecondsThatDoNotAscendAreRefused) {
    Result result = MakeResult();
    result.intervals[3].second = 9;
    EXPECT_THAT(Refusal(Written(result)), HasSubstr("do not ascend"));
}

}  // namespace
}  // namespace holdfast::load
