#include "load/flow/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/unit/load_flow/walk.h"

namespace holdfast::load {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// A flow whose one step has this body.
std::string BodyFlow(const std::string& body, const std::string& before = {}) {
    return before + "\nsteps:\n  - request: POST /\n    body: " + body + "\n";
}

std::string Body(const std::string& body, const std::string& before = {}) {
    return Walk(BodyFlow(body, before)).Begin(12).NextBody();
}

TEST(Template, FillsInWhatIsKnown) {
    EXPECT_EQ(Body("${run} ${journey} ${mark}"), "r 12 load-r-12");
    EXPECT_EQ(Body("a ${choice x} b"), "a x b");
    EXPECT_EQ(Body("${random -5 -5}"), "-5");
    EXPECT_EQ(Body("$${mark} costs $5 ${journey}$"), "${mark} costs $5 12$");
    EXPECT_EQ(Body("${  choice   x  }"), "x");
    EXPECT_THAT(Body("${now}"), MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9]{3}Z"));
    EXPECT_THAT(Body("${timestamp}"), MatchesRegex("[0-9]{13}"));
}

TEST(Template, UuidsAreOfTheirVersionAndNeverTheSame) {
    EXPECT_THAT(Body("${uuid}"),
                MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                             "[0-9a-f]{12}"));
    EXPECT_THAT(Body("${uuid7}"),
                MatchesRegex("0[0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}"
                             "-[0-9a-f]{12}"));
    std::set<std::string> seen;
    for (const char* run : {"a", "b"}) {
        Walk walk(BodyFlow("${uuid}"), {.run = run, .seed = 1});
        for (std::uint64_t number = 0; number < 1000; ++number) {
            seen.insert(walk.Begin(number).NextBody());
        }
    }
    EXPECT_EQ(seen.size(), 2000U);
}

TEST(Template, CountersOfTheProcessesOfARunAreDisjoint) {
    std::set<std::string> seen;
    for (std::uint32_t process = 0; process < 3; ++process) {
        Walk walk(BodyFlow("${counter}"), {.run = "r", .process = process, .processes = 3});
        for (std::uint64_t number = 0; number < 10; ++number) {
            seen.insert(walk.Begin(number).NextBody());
        }
    }
    EXPECT_EQ(seen.size(), 30U);
    EXPECT_TRUE(seen.contains("0") && seen.contains("29"));
}

TEST(Template, RandomAndChoiceTakeAllTheirValuesAndNoOther) {
    std::set<std::string> seen;
    Walk walk(BodyFlow("${random 1 3}${choice a b}"));
    for (std::uint64_t number = 0; number < 200; ++number)
        seen.insert(walk.Begin(number).NextBody());
    EXPECT_EQ(seen, (std::set<std::string>{"1a", "1b", "2a", "2b", "3a", "3b"}));
}

TEST(Template, TheSameSeedGivesTheSameValues) {
    const auto body = [](std::uint64_t seed) {
        return Walk(BodyFlow("${random 1 1000000000}"), {.run = "r", .seed = seed})
            .Begin(1)
            .NextBody();
    };
    EXPECT_EQ(body(5), body(5));
    EXPECT_NE(body(5), body(6));
}

TEST(Template, AVariableHasOneValueInAJourneyAndAnotherInTheNext) {
    Walk walk(
        BodyFlow("${key} ${key} ${twice}", "variables: {key: '${uuid}', twice: '${key}${key}'}"));
    const std::string first = walk.Begin(1).NextBody();
    const std::string key = first.substr(0, 36);
    EXPECT_EQ(first, key + " " + key + " " + key + key);
    EXPECT_NE(walk.Begin(2).NextBody().substr(0, 36), key);
}

TEST(Template, ValuesStayOneValueInAJsonText) {
    const std::string before = R"(variables: {v: "a\"b\\c\nd", n: 12, x: twelve})";
    EXPECT_EQ(Body(R"('{"v":"${v}","n":${number n},"x":${number x}}')", before),
              R"({"v":"a\"b\\c\u000Ad","n":12,"x":"twelve"})");
    // What is no JSON is not escaped.
    EXPECT_EQ(Body("'v=${v}'", before), "v=a\"b\\c\nd");
}

TEST(Template, AJsonStructureIsWrittenAsItLooks) {
    Walk walk(R"(
variables: {n: 7, q: 'a"b'}
steps:
  - request: POST /
    json:
      plain: [1, -2.5e3, true, false, null, ~, text, 007, 0x1F, ""]
      quoted: ["1", "true", 'null']
      "a\"key": ${q} and ${journey}
      numbers: ["${random 3 3}", "${journey}", "${number n}"]
      string: "${n}"
      empty: [{}, []]
      escaped: "tab\tand $${x}"
)");
    const std::string body = walk.Begin(12).NextBody();
    EXPECT_EQ(body, R"({"plain":[1,-2.5e3,true,false,null,null,"text","007","0x1F",""],)"
                    R"("quoted":["1","true","null"],"a\"key":"a\"b and 12","numbers":[3,12,7],)"
                    R"("string":"7","empty":[{},[]],"escaped":"tab\u0009and ${x}"})");
    EXPECT_TRUE(nlohmann::json::accept(body));
}

TEST(Template, TheContentTypeFollowsTheBodyUnlessItIsGiven) {
    const auto head = [](const std::string& rest) {
        return Walk("steps: [{request: POST /, " + rest + "}]").Begin(1).Next().bytes;
    };
    EXPECT_THAT(head("json: {a: 1}"), HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(head("body: ' [1]'"), HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(head("body: hello"), HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    const std::string given = head("headers: {content-type: a/b}, body: hello");
    EXPECT_THAT(given, HasSubstr("content-type: a/b\r\n"));
    EXPECT_EQ(given.find("Content-Type"), std::string::npos);
}

TEST(Template, JsonNumbersAreThoseOfTheRfc) {
    for (const char* good : {"0", "-0", "12", "1.5", "1e9", "-1.25E-3", "1e+2"}) {
        EXPECT_TRUE(IsJsonNumber(good)) << good;
    }
    for (const char* bad : {"", "-", "01", "1.", ".5", "+1", "1e", "0x1", "1 ", "NaN", "1.5.2"}) {
        EXPECT_FALSE(IsJsonNumber(bad)) << bad;
    }
}

}  // namespace
}  // namespace holdfast::load
