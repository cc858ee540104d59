#include "gateway/log/line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

namespace holdfast::gateway::log {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Json = nlohmann::json;

std::string Text(std::string_view message, Fields fields, std::uint64_t repeats = 0) {
    std::string line;
    BuildLine(line, Format::kText, Level::kInfo, message, fields, repeats, Log::kMaxLineBytes);
    return line;
}

std::string JsonText(std::string_view message, Fields fields, std::uint64_t repeats = 0) {
    std::string line;
    BuildLine(line, Format::kJson, Level::kError, message, fields, repeats, Log::kMaxLineBytes);
    return "{" + line + "}";
}

TEST(LogLine, TextIsForPeople) {
    EXPECT_EQ(Text("worker lost", {{"worker", "a"}, {"held", 3}, {"age", 1500us}, {"last", true}}),
              "info  worker lost worker=a held=3 age_ms=1.500 last=true");
    EXPECT_EQ(Text("again", {{"why", "not there"}, {"empty", ""}}, 7),
              "info  again repeats=7 why=\"not there\" empty=\"\"");
}

TEST(LogLine, JsonIsForMachines) {
    const Json line = Json::parse(JsonText("worker \"lost\"",
                                           {{"worker", "a\\b"},
                                            {"held", std::uint64_t{1} << 63},
                                            {"share", 0.25},
                                            {"bad", std::numeric_limits<double>::quiet_NaN()},
                                            {"age", 2ms},
                                            {"first", false}},
                                           3));
    EXPECT_EQ(line["level"], "error");
    EXPECT_EQ(line["message"], "worker \"lost\"");
    EXPECT_EQ(line["worker"], "a\\b");
    EXPECT_EQ(line["held"], std::uint64_t{1} << 63);
    EXPECT_EQ(line["share"], 0.25);
    EXPECT_TRUE(line["bad"].is_null());
    EXPECT_EQ(line["age_ms"], 2.0);
    EXPECT_EQ(line["first"], false);
    EXPECT_EQ(line["repeats"], 3);
}

TEST(LogLine, WhatAClientSendsCannotBreakALineNorSteerATerminal) {
    const std::string evil =
        "a\r\nb\x1b[2Jc\x7f\t\xC2\x9B"
        "d\xE2\x80\xA8"
        "e\"f";
    EXPECT_EQ(Text("m", {{"k", evil}}),
              "info  m k=\"a\\x0d\\nb\\x1b[2Jc\\x7f\\x09\\xc2\\x9bd\\xe2\\x80\\xa8e\\\"f\"");
    const std::string json = JsonText("m", {{"k", evil}});
    EXPECT_EQ(json.find_first_of("\r\n\x1b\x7f\t"), std::string::npos);
    EXPECT_EQ(json.find("\xC2\x9B"), std::string::npos);
    EXPECT_EQ(Json::parse(json)["k"], evil);
}

TEST(LogLine, BytesThatAreNotUtf8AreReplaced) {
    const std::string_view bad = "\xff|\xC0\xAF|\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82";
    EXPECT_EQ(Text("m", {{"k", bad}}),
              "info  m k=\\xff|\\xc0\\xaf|\\xed\\xa0\\x80|\\xf4\\x90\\x80\\x80|\\xe2\\x82");
    EXPECT_TRUE(Json::accept(JsonText("m", {{"k", bad}})));
    EXPECT_EQ(Text("m", {{"k", "grün €😀"}}), "info  m k=\"grün €😀\"");
}

TEST(LogLine, EveryStringGivesOneValidJsonLine) {
    std::minstd_rand random(1);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 700, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        const std::string line = JsonText(bytes, {{"k", bytes}, {"l", bytes}});
        ASSERT_TRUE(Json::accept(line)) << line;
        ASSERT_EQ(line.find('\n'), std::string::npos);
        ASSERT_LE(line.size(), Log::kMaxLineBytes + 2);
        ASSERT_EQ(Text(bytes, {{"k", bytes}}).find_first_of("\n\r\x1b"), std::string::npos);
    }
}

TEST(LogLine, LongValuesAreCutAndLongLinesSaySo) {
    const std::string value(5000, 'v');
    EXPECT_THAT(Text("m", {{"k", value}}), EndsWith("vvv..."));
    const std::string line =
        Text("m", {{"a", value}, {"b", value}, {"c", value}, {"d", value}, {"last", 1}});
    EXPECT_LE(line.size(), Log::kMaxLineBytes);
    EXPECT_THAT(line, HasSubstr(" last=1"));
    EXPECT_THAT(line, EndsWith(" truncated=true"));
    EXPECT_EQ(Json::parse(JsonText(std::string(5000, '\1'), {{"k", 1}}))["truncated"], true);
}

TEST(LogLine, ACutFallsBetweenCharacters) {
    std::string value(511, 'v');
    value += "€€";
    EXPECT_THAT(Text("m", {{"k", value}}), EndsWith("v..."));
}

}  // namespace
}  // namespace holdfast::gateway::log
