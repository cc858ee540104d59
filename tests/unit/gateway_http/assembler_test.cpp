#include "gateway/http/assembler.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/core/added_value.h"
#include "gateway/http/json_members.h"
#include "tests/unit/gateway_http/heap_peak.h"

namespace holdfast::gateway::http {
namespace {

using Source = Addition::Source;
using std::chrono::milliseconds;

const WallTime kNow{milliseconds(1'700'000'000'007)};

RandomSource Counting() {
    return [next = std::uint64_t{1}]() mutable { return next++; };
}

OwnPart Make(Request& request, const Route& route) {
    request.route = &route;
    Uuid7Generator ids(Counting());
    return MakeOwnPart(request, kNow, ids);
}

TEST(Assembler, MakesItsPartFromEverySource) {
    Route route;
    route.additions = {{"id", Source::kUuid7, ""},      {"at", Source::kReceivedAt, ""},
                       {"name", Source::kBody, "n"},    {"list", Source::kBody, "l"},
                       {"item", Source::kPath, "item"}, {"trace", Source::kHeader, "x-trace"}};
    Request request;
    request.body = R"( {"l": [1, {"n":"inner"}], "n" : "a\"b" } )";
    request.parameters.Append("item", "i-1");
    request.headers.Append("x-trace", "t");
    const OwnPart part = Make(request, route);
    EXPECT_EQ(part.attributes.Find("name"), "a\"b");
    EXPECT_EQ(part.attributes.Find("list"), R"([1, {"n":"inner"}])");
    EXPECT_EQ(part.attributes.Find("item"), "i-1");
    EXPECT_EQ(part.attributes.Find("trace"), "t");
    EXPECT_EQ(part.attributes.Find("at"), "2023-11-14T22:13:20.007Z");
    EXPECT_EQ(part.members, R"("id":")" + std::string(part.attributes.Find("id")) +
                                R"(","at":"2023-11-14T22:13:20.007Z","name":"a\"b",)"
                                R"("list":[1, {"n":"inner"}],"item":"i-1","trace":"t")");
}

TEST(Assembler, LeavesOutWhatIsNotThere) {
    Route route;
    route.additions = {
        {"a", Source::kBody, "a"}, {"p", Source::kPath, "p"}, {"h", Source::kHeader, "h"}};
    for (const char* body :
         {"", "no json", "[1]", "{\"a\":}", "{\"b\":1}", "\"a\"", "{\"a\":1}x"}) {
        Request request;
        request.body = body;
        const OwnPart part = Make(request, route);
        EXPECT_TRUE(part.attributes.empty()) << body;
        EXPECT_EQ(part.members, "");
    }
}

TEST(Assembler, NamesTheAdditionWhoseValueIsTooLarge) {
    Route route;
    route.additions = {
        {"a", Source::kBody, "a"}, {"p", Source::kPath, "p"}, {"h", Source::kHeader, "h"}};
    const std::string fits(kMaxAddedValue - 2, 'x');
    const auto make = [&](const std::string& a, const std::string& p, const std::string& h) {
        Request request;
        request.body = "{\"a\":\"" + a + "\"}";
        request.parameters.Append("p", p);
        request.headers.Append("h", h);
        return Make(request, route);
    };
    const OwnPart whole = make(fits, fits, fits);
    EXPECT_EQ(whole.too_large, nullptr);
    EXPECT_EQ(whole.attributes.Find("h"), fits);
    // What is charged is what is held, and that is little more than the values.
    EXPECT_LE(whole.bytes(), 2 * 3 * (kMaxAddedValue + 16));
    EXPECT_EQ(make(fits + "x", fits, fits).too_large, &route.additions[0]);
    EXPECT_EQ(make(fits, fits + "x", fits).too_large, &route.additions[1]);
    EXPECT_EQ(make(fits, fits, fits + "x").too_large, &route.additions[2]);
    // Not short once its bytes are escaped.
    EXPECT_EQ(make(fits, fits, std::string(400, '\xff')).too_large, &route.additions[2]);
}

TEST(Assembler, AStringCannotPassForOtherJson) {
    Route route;
    route.additions = {{"a", Source::kBody, "a"}, {"b", Source::kBody, "b"}};
    Request request;
    request.body = R"({"a":"5","b":5})";
    EXPECT_EQ(Make(request, route).members, R"("a":"5","b":5)");
}

std::string Merged(std::string_view own, std::string reply) {
    MergeOwnPart(own, reply);
    return reply;
}

TEST(Assembler, MergesIntoObjectsAndTheWorkersValueStands) {
    EXPECT_EQ(Merged(R"("a":1,"b":2)", R"({"b":3,"c":1.50})"), R"({"a":1,"b":3,"c":1.50})");
    EXPECT_EQ(Merged(R"("a":1)", "{}"), R"({"a":1})");
    EXPECT_EQ(Merged(R"("a":1)", " {\n \"a\": 2 } "), "{\n \"a\": 2 } ");
    EXPECT_EQ(Merged(R"("a":1)", R"({"\u0061":2})"), R"({"\u0061":2})");
    EXPECT_EQ(Merged(R"("a":1)", R"({"x":{"a":2}})"), R"({"a":1,"x":{"a":2}})");
}

TEST(Assembler, MergingTakesNoMoreThanTheMergedCopyHoweverManyMembersThereAre) {
    std::string reply = "{";
    for (int i = 0; i < 100'000; ++i) reply += "\"\":0,";
    reply += "\"b\":0}";
    const std::string own = R"("a":1,"b":2)";
    const std::size_t size = reply.size();
    const HeapPeak peak;
    MergeOwnPart(own, reply);
    EXPECT_EQ(reply.size(), size + std::string(R"("a":1,)").size());
    EXPECT_LT(peak.bytes(), size * 3 / 2);
}

TEST(Assembler, LeavesOtherRepliesAsTheyAre) {
    for (const char* body : {"", "[1]", "text", "{\"a\":", "1"})
        EXPECT_EQ(Merged(R"("a":1)", body), body);
    EXPECT_TRUE(IsMergeable(201, "application/json; charset=utf-8"));
    EXPECT_TRUE(IsMergeable(200, "Application/HAL+json"));
    EXPECT_FALSE(IsMergeable(200, "text/plain"));
    EXPECT_FALSE(IsMergeable(200, ""));
    EXPECT_FALSE(IsMergeable(404, "application/json"));
}

TEST(JsonMembers, DeepNestingCostsNoStack) {
    const std::size_t depth = 200'000;
    const std::string text = "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    std::size_t size = 0;
    EXPECT_TRUE(ForEachMember(text, [&](const JsonMember& member) { size = member.value.size(); }));
    EXPECT_EQ(size, 2 * depth);
}

TEST(JsonMembers, AreFoundBehindBracesInStrings) {
    std::vector<std::pair<std::string, std::string>> found;
    ForEachMember(R"({"a}":"}\"{","b":{"c":"]"},"d":-1e5,"e":null})",
                  [&](const JsonMember& member) { found.emplace_back(member.name, member.value); });
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"a}", R"("}\"{")"}, {"b", R"({"c":"]"})"}, {"d", "-1e5"}, {"e", "null"}};
    EXPECT_EQ(found, expected);
}

TEST(JsonMembers, StringsThatAreNotUtf8AreMadeSo) {
    std::string text;
    AppendJsonString(text, "a\xff\n");
    EXPECT_EQ(text, "\"a\xef\xbf\xbd\\n\"");
}

TEST(Uuid7, HasTheTimeTheVersionAndTheVariant) {
    Uuid7Generator ids([] { return ~std::uint64_t{0}; });
    EXPECT_EQ(ids.Next(kNow), "018bcfe5-6807-7fff-bfff-ffffffffffff");
}

TEST(Uuid7, AscendsWithinAMillisecondAndWhenTheClockStepsBack) {
    Uuid7Generator ids(Counting());
    std::string last = ids.Next(kNow);
    for (int i = 0; i < 1000; ++i) {
        const std::string next = ids.Next(i % 3 == 0 ? kNow - milliseconds(5) : kNow);
        EXPECT_LT(last, next);
        last = next;
    }
    Uuid7Generator full([] { return ~std::uint64_t{0}; });
    last = full.Next(kNow);
    EXPECT_LT(last, full.Next(kNow));
}

TEST(Uuid7, KernelRandomDoesNotRepeat) {
    KernelRandom random;
    const std::uint64_t first = random();
    for (int i = 0; i < 200; ++i) EXPECT_NE(random(), first);
}

}  // namespace
}  // namespace holdfast::gateway::http
