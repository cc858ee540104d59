#include "load/report/html.h"

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
using testing::Not;
using Json = nlohmann::json;

std::string Page(const Result& result) {
    std::ostringstream out;
    WriteHtml(result, out);
    return out.str();
}

std::size_t Count(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

TEST(HtmlTest, WhatNamesAndNotesHoldStaysText) {
    Result result = RichResult();
    const std::string hostile =
        "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    result.flow = result.target = result.machine = result.version = result.run = hostile;
    result.steps[0] = result.steps[1] = hostile;
    result.marks[0].label = hostile;
    result.warnings[0] = hostile;
    result.thresholds[0].threshold.text = hostile;
    result.probes = {{10, false, hostile}};
    result.intervals[50].notes = {hostile};
    result.intervals[50].steps[0].outcomes[hostile] = 1'000'000;
    const std::string page = Page(result);
    EXPECT_EQ(Count(page, "<script"), 2U);
    EXPECT_EQ(Count(page, "</script"), 2U);
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    EXPECT_THAT(page, HasSubstr("\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"));
}

TEST(HtmlTest, OnlyItsOwnScriptMayRun) {
    const std::string page = Page(MakeResult());
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
    EXPECT_THAT(page, HasSubstr("script-src 'sha256-"));
    EXPECT_EQ(kReportScript.find("</script"), std::string_view::npos);
}

TEST(HtmlTest, TheVerdictIsTold) {
    Result result = MakeResult();
    EXPECT_THAT(Page(result), HasSubstr("no thresholds set"));
    EXPECT_THAT(Page(RichResult()), HasSubstr("3 of 5 thresholds failed"));
    result.thresholds.resize(2);
    for (ThresholdResult& each : result.thresholds) each.passed = true;
    EXPECT_THAT(Page(result), HasSubstr("all 2 thresholds passed"));
    result.interrupted = true;
    EXPECT_THAT(Page(result), HasSubstr("interrupted before its end"));
    EXPECT_THAT(Page(SearchResult()), HasSubstr("limit: 700 journeys/s"));
}

TEST(HtmlTest, AClosedLoopSaysWhatItHides) {
    EXPECT_THAT(Page(ClosedLoopResult()), HasSubstr("coordinated omission"));
    EXPECT_THAT(Page(MakeResult()), Not(HasSubstr("coordinated omission")));
}

TEST(HtmlTest, TheColumnsHoldAllRequests) {
    const Result result = RichResult();
    const Json data = Json::parse(HtmlData(result));
    EXPECT_EQ(data["columns"], 120);
    EXPECT_EQ(data["width"], 1);
    EXPECT_EQ(data["warmUp"], 5);
    EXPECT_EQ(data["steps"].size(), 4U);
    for (const Json& step : data["steps"]) {
        for (const char* name : {"sent", "good", "p50", "p99", "max", "heat"}) {
            EXPECT_EQ(step[name].size(), 120U) << name;
        }
    }
    std::uint64_t in_heat = 0;
    for (const Json& column : data["steps"][0]["heat"]) {
        for (std::size_t n = 1; n < column.size(); n += 2)
            in_heat += column[n].get<std::uint64_t>();
    }
    std::uint64_t recorded = 0;
    for (const Interval& interval : result.intervals) {
        for (const StepInterval& step : interval.steps) recorded += step.latency.count();
    }
    EXPECT_EQ(in_heat, recorded);
    EXPECT_EQ(data["ops"]["second"].size(), 120U);
    EXPECT_EQ(data["marks"].size(), 5U);
}

TEST(HtmlTest, ALongRunIsCutIntoColumnsWithoutLosingWhatStandsOut) {
    const Result result = LongResult();
    const Json data = Json::parse(HtmlData(result));
    EXPECT_EQ(data["width"], 12);
    EXPECT_EQ(data["columns"], 300);
    Duration most{};
    for (const StepInterval& step : result.intervals[2000].steps) {
        most = std::max(most, step.latency.max());
    }
    EXPECT_NEAR(data["steps"][0]["max"][2000 / 12].get<double>(),
                std::chrono::duration<double>(most).count(), 0.001);
    EXPECT_LE(data["ops"]["second"].size(), 600U);
    EXPECT_LT(Page(result).size(), 400'000U);
}

TEST(HtmlTest, OfSamplesThatShareAPlaceTheLargestCounts) {
    Result result = MakeResult();
    for (std::uint64_t n = 0; n < 1500; ++n) {
        result.ops.push_back(
            {0.1 * static_cast<double>(n), n == 700 ? 99U : 1U, 0, 0, n == 900 ? 1U : 2U, 0});
    }
    const Json ops = Json::parse(HtmlData(result))["ops"];
    EXPECT_EQ(ops["pending"].size(), 500U);
    EXPECT_EQ(ops["pending"][700 / 3], 99);
    EXPECT_EQ(ops["workers"][900 / 3], 1);
}

TEST(HtmlTest, SecondsWithoutAnAnswerHaveNoPercentile) {
    Result result = MakeResult();
    result.intervals[6].steps.clear();
    result.intervals.erase(result.intervals.begin() + 4);
    const Json data = Json::parse(HtmlData(result));
    EXPECT_TRUE(data["steps"][0]["p50"][4].is_null());
    EXPECT_TRUE(data["steps"][0]["p99"][6].is_null());
    EXPECT_EQ(data["steps"][0]["good"][4], 0);
    EXPECT_FALSE(data["steps"][0]["p50"][5].is_null());
}

TEST(HtmlTest, AResultWithNothingInItIsAPageToo) {
    EXPECT_THAT(Page(Result()), HasSubstr("Nothing was recorded."));
}

}  // namespace
}  // namespace holdfast::load
