#include "load/flow/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "load/flow/seen.h"
#include "tests/unit/load_flow/walk.h"

namespace holdfast::load {
namespace {

using testing::HasSubstr;

/// What a step with this `expect:` says to an answer with status 200.
std::string Judged(const std::string& expect, std::string_view body,
                   std::vector<HeaderView> headers = {}) {
    Walk walk("variables: {v: '${choice seven}'}\nsteps: [{request: GET /, expect: " + expect +
              "}]");
    walk.Begin().Next();
    return walk.Answer(200, body, std::move(headers));
}

constexpr std::string_view kBody =
    R"({"id":"a-1","n":7,"f":1.5,"big":18446744073709551615,"yes":true,"none":null,)"
    R"("list":[1,2,{"x":"seven"}],"a/b":{"~":0}})";

TEST(Check, Equality) {
    EXPECT_EQ(Judged("{json: {/id: a-1, /n: 7, /f: 1.5, /yes: true, /list/2/x: '${v}'}}", kBody),
              "none");
    EXPECT_EQ(Judged("{json: {/n: '7'}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/a~1b/~0: 0}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/n: 7.0}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/id: a-2}}", kBody), "check: /id is 'a-1', expected 'a-2'");
    EXPECT_EQ(Judged("{json: {/n: 8}}", kBody), "check: /n is 7, expected 8");
    EXPECT_EQ(Judged("{json: {/id: 7}}", kBody), "check: /id is 'a-1', expected 7");
    EXPECT_EQ(Judged("{json: {/list/2/x: {equals: '${v}s'}}}", kBody),
              "check: /list/2/x is 'seven', expected 'sevens'");
}

TEST(Check, Existence) {
    EXPECT_EQ(Judged("{json: {/none: {exists: true}, /nil: {exists: false}}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/nil: {exists: true}}}", kBody), "check: there is no /nil");
    EXPECT_EQ(Judged("{json: {/n: {exists: false}}}", kBody),
              "check: /n is 7, expected nothing there");
    EXPECT_EQ(Judged("{json: {/n: {exists: true}}}", "<html>"), "check: the body is not JSON");
    EXPECT_EQ(Judged("{json: {/n: {exists: true}}}", ""), "check: the body is not JSON");
}

TEST(Check, TypesAndBounds) {
    EXPECT_EQ(Judged("{json: {/id: {type: string}, /n: {type: integer}, /f: {type: number}, "
                     "/yes: {type: boolean}, /none: {type: 'null'}, /list: {type: list}}}",
                     kBody),
              "none");
    EXPECT_EQ(Judged("{json: {/n: {type: number}, /a~1b: {type: object}}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/f: {type: integer}}}", kBody),
              "check: /f is 1.5, expected of type integer");
    EXPECT_EQ(Judged("{json: {/n: {at_least: 7, at_most: 7}, /big: {at_least: 1}}}", kBody),
              "none");
    EXPECT_EQ(Judged("{json: {/n: {at_least: 7.5}}}", kBody),
              "check: /n is 7, expected at least 7.5");
    EXPECT_EQ(Judged("{json: {/n: {at_most: 6}}}", kBody), "check: /n is 7, expected at most 6");
    EXPECT_EQ(Judged("{json: {/id: {at_most: 6}}}", kBody),
              "check: /id is 'a-1', expected at most 6");
    EXPECT_EQ(Judged("{json: {/list: {length: 3}, /id: {length: 3}}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/list: {length: 2}}}", kBody),
              "check: /list is [1,2,{\"x\":\"seven\"}], expected of length 2");
}

TEST(Check, PatternsAndParts) {
    EXPECT_EQ(Judged("{json: {/id: {matches: '^a-[0-9]+$', contains: '-'}}}", kBody), "none");
    EXPECT_EQ(Judged("{json: {/id: {matches: '^b'}}}", kBody),
              "check: /id is 'a-1', expected one that matches '^b'");
    EXPECT_EQ(Judged("{json: {/id: {contains: '${v}'}}}", kBody),
              "check: /id is 'a-1', expected one with 'seven' in it");
    EXPECT_EQ(Judged("{body_contains: [\"\\\"n\\\":7\", '${v}']}", kBody), "none");
    EXPECT_EQ(Judged("{body_contains: eight}", kBody),
              "check: the body does not have 'eight' in it");
    const std::string longer = nlohmann::json{{"id", std::string(100'000, 'a')}}.dump();
    EXPECT_THAT(Judged("{json: {/id: {matches: '(a|b)*c'}}}", longer),
                HasSubstr("one that matches"));
    EXPECT_THAT(Refusal("steps: [{request: GET /, expect: {json: {/id: {matches: '('}}}}]"),
                HasSubstr("f.yaml:1:57: '(' is no regular expression (ECMAScript): "));
}

TEST(Check, Headers) {
    const std::vector<HeaderView> headers{{"Location", "/o/1"}, {"X", "7"}};
    EXPECT_EQ(Judged("{headers: {location: /o/1, x: 7, y: {exists: false}}}", "", headers), "none");
    EXPECT_EQ(Judged("{headers: {location: {matches: ^/p}}}", "", headers),
              "check: header location is '/o/1', expected one that matches '^/p'");
    EXPECT_EQ(Judged("{headers: {Idempotent-Replay: 'true'}}", "", headers),
              "check: there is no header Idempotent-Replay");
}

nlohmann::json Order() {
    return {{"lines",
             {{{"quantity", 2},
               {"unitPrice", 1290},
               {"lineTotal", 2580},
               {"taxRate", 700},
               {"tax", 181}},
              {{"quantity", 1},
               {"unitPrice", 895},
               {"lineTotal", 895},
               {"taxRate", 1900},
               {"tax", 170}}}},
            {"net", 3475},
            {"tax", 351},
            {"total", 3826}};
}

std::string Totals(const nlohmann::json& order) {
    Walk walk("steps: [{request: GET /, order_totals: true}]");
    walk.Begin().Next();
    return walk.Answer(200, order.dump());
}

TEST(Totals, AddUpOrAreNamed) {
    EXPECT_EQ(Totals(Order()), "none");
    const auto changed = [](const char* pointer, nlohmann::json value) {
        nlohmann::json order = Order();
        order[nlohmann::json::json_pointer(pointer)] = std::move(value);
        return Totals(order);
    };
    EXPECT_EQ(changed("/total", 3827), "totals: /total is 3827, its parts give 3826");
    EXPECT_EQ(changed("/net", 3474), "totals: /net is 3474, its parts give 3475");
    EXPECT_EQ(changed("/tax", 350), "totals: /tax is 350, its parts give 351");
    EXPECT_EQ(changed("/lines/1/tax", 171), "totals: /lines/1/tax is 171, its parts give 170");
    EXPECT_EQ(changed("/lines/0/lineTotal", 2581),
              "totals: /lines/0/lineTotal is 2581, its parts give 2580");
    EXPECT_EQ(changed("/lines/0/quantity", 3),
              "totals: /lines/0/lineTotal is 2580, its parts give 3870");
    EXPECT_EQ(changed("/lines/0/quantity", 0),
              "totals: /lines/0 has a quantity, price or tax rate that no order has");
    EXPECT_EQ(changed("/lines/0/unitPrice", INT64_MAX), "totals: /lines/0 is beyond 64 bits");
    EXPECT_EQ(
        changed("/lines/0/tax", 1.5),
        "totals: /lines/0 lacks whole numbers for quantity, unitPrice, lineTotal, taxRate and tax");
    EXPECT_EQ(changed("/lines", nlohmann::json::array()), "totals: the order has no lines");
    EXPECT_EQ(
        changed("/total", "3826"),
        "totals: the body is no order: it lacks lines or whole numbers for net, tax and total");
    EXPECT_EQ(
        Totals("text"),
        "totals: the body is no order: it lacks lines or whole numbers for net, tax and total");
}

TEST(Totals, TaxIsRoundedHalfUp) {
    for (const auto& [net, rate, tax] :
         {std::tuple{50, 100, 1}, {49, 100, 0}, {150, 100, 2}, {1, 5000, 1}}) {
        nlohmann::json order{{"lines",
                              {{{"quantity", 1},
                                {"unitPrice", net},
                                {"lineTotal", net},
                                {"taxRate", rate},
                                {"tax", tax}}}},
                             {"net", net},
                             {"tax", tax},
                             {"total", net + tax}};
        EXPECT_EQ(Totals(order), "none") << net;
    }
}

TEST(Totals, ARefusalNeedsNone) {
    Walk walk("steps: [{request: GET /, order_totals: true, expect: {status: 409}}]");
    walk.Begin().Next();
    EXPECT_EQ(walk.Answer(409, "{}"), "none");
}

TEST(Seen, RemembersTheLastOnesAndForgetsBeforeItGrowsTooLarge) {
    Seen seen(1000);
    for (int i = 0; i < 2500; ++i) ASSERT_TRUE(seen.Add(std::to_string(i))) << i;
    for (int i = 1000; i < 2500; ++i) ASSERT_FALSE(seen.Add(std::to_string(i))) << i;
    EXPECT_TRUE(seen.Add("0"));
}

}  // namespace
}  // namespace holdfast::load
