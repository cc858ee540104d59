#include "load/flow/journey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/unit/load_flow/walk.h"

namespace holdfast::load {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Journey, WritesAWholeRequest) {
    Walk walk(R"(
steps:
  - request: POST /v1/orders
    headers: {X-Shop: north, Idempotency-Key: "k-${journey}"}
    json: {customer: "${mark}", lines: [{sku: tea, quantity: 2}], urgent: false, note: null}
)");
    const OutgoingRequest& out = walk.Begin(42).Next();
    EXPECT_EQ(
        out.bytes,
        "POST /v1/orders HTTP/1.1\r\n"
        "Host: shop:80\r\n"
        "X-Shop: north\r\n"
        "Content-Type: application/json\r\n"
        "Idempotency-Key: k-42\r\n"
        "Content-Length: 88\r\n"
        "\r\n"
        R"({"customer":"load-r-42","lines":[{"sku":"tea","quantity":2}],"urgent":false,"note":null})");
    EXPECT_EQ(out.body, std::string_view(out.bytes).substr(out.bytes.find("\r\n\r\n") + 4));
    EXPECT_EQ(out.mark, "load-r-42");
    EXPECT_EQ(out.idempotency_key, "k-42");
    EXPECT_EQ(out.timeout, Duration(10s));
}

TEST(Journey, WritesARequestWithoutBodyToATargetWithAPath) {
    const Flow flow =
        ParseFlow("steps: [{request: \"HEAD /a?b=c\"}, {request: POST /p}]", "f.yaml");
    Journey journey(MakeJourneyContext(flow, {.run = "r"}, "h", "/base", false));
    OutgoingRequest out;
    Duration pause;
    journey.Begin(1);
    journey.Advance(out, pause);
    EXPECT_EQ(out.bytes, "HEAD /base/a?b=c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(out.head);
    EXPECT_EQ(out.mark, "");
    journey.Advance(out, pause);
    EXPECT_EQ(out.bytes,
              "POST /base/p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_FALSE(out.head);
}

TEST(Journey, AnAnswerWithAnotherRequestsMarkIsCrossed) {
    Walk walk("steps: [{request: POST /o, body: '${mark}', mark: /customer}]");
    walk.Begin(5).Next();
    EXPECT_EQ(walk.Answer(200, R"({"customer":"load-r-5"})"), "none");
    walk.Begin(6).Next();
    EXPECT_EQ(walk.Answer(200, R"({"customer":"load-r-5"})"),
              "crossed: the mark is 'load-r-5', expected 'load-r-6'");
    walk.Begin(7).Next();
    EXPECT_EQ(walk.Answer(503, R"({"customer":"load-r-5"})"),
              "crossed: the mark is 'load-r-5', expected 'load-r-7'");
    walk.Begin(8).Next();
    EXPECT_EQ(walk.Answer(200, R"({"name":"load-r-8"})"), "check: there is no /customer");
    walk.Begin(9).Next();
    EXPECT_EQ(walk.Answer(200, "not JSON"), "check: there is no /customer");
}

TEST(Journey, AMarkCanBeEchoedInAHeader) {
    Walk walk("steps: [{request: 'GET /o?m=${mark}', mark: header X-Mark}]");
    walk.Begin(5).Next();
    EXPECT_EQ(walk.Answer(200, "", {{"x-mark", "load-r-5"}}), "none");
    walk.Begin(6).Next();
    EXPECT_THAT(walk.Answer(200, "", {{"x-mark", "load-r-5"}}), HasSubstr("crossed"));
}

TEST(Journey, EachRequestHasAMarkOfItsOwnUnlessItSaysWhose) {
    Walk walk(R"(
steps:
  - {name: one, request: POST /a, body: "${mark}", mark: /m}
  - {name: two, request: POST /b, body: "${mark}", mark: /m}
  - {name: again, request: POST /a, body: "${mark}", mark: {at: /m, of: one}}
  - {name: read, request: GET /a, mark: {at: /m, of: two}}
)");
    EXPECT_EQ(walk.Begin(3).NextBody(), "load-r-3");
    EXPECT_EQ(walk.Answer(200, R"({"m":"load-r-3"})"), "none");
    EXPECT_EQ(walk.NextBody(), "load-r-3-1");
    EXPECT_EQ(walk.Answer(200, R"({"m":"load-r-3-1"})"), "none");
    EXPECT_EQ(walk.NextBody(), "load-r-3");
    EXPECT_EQ(walk.Answer(200, R"({"m":"load-r-3"})"), "none");
    EXPECT_EQ(walk.Next().mark, "load-r-3-1");
    EXPECT_THAT(walk.Answer(200, R"({"m":"load-r-3"})"), HasSubstr("crossed"));
}

TEST(Journey, AValueThatMustBeUniqueIsADuplicateTheSecondTime) {
    Walk walk("steps: [{request: POST /o, unique: /id}]");
    walk.Begin(1).Next();
    EXPECT_EQ(walk.Answer(200, R"({"id":"a"})"), "none");
    walk.Begin(2).Next();
    EXPECT_EQ(walk.Answer(200, R"({"id":"b"})"), "none");
    walk.Begin(3).Next();
    EXPECT_EQ(walk.Answer(200, R"({"id":"a"})"), "duplicate: /id is 'a', which came before");
    walk.Begin(4).Next();
    EXPECT_EQ(walk.Answer(503, R"({"id":"a"})"), "status: status 503, expected 200-299");
    walk.Begin(5).Next();
    EXPECT_EQ(walk.Answer(200, "{}"), "check: there is no /id");
}

TEST(Journey, AStatusThatIsNotExpectedIsNamedWithTheProblemsType) {
    Walk walk("steps: [{request: POST /o, expect: {status: [201, 409, 5xx]}}]");
    walk.Begin(1).Next();
    EXPECT_EQ(walk.Answer(409, "{}"), "none");
    walk.Begin(2).Next();
    EXPECT_EQ(walk.Answer(599, ""), "none");
    walk.Begin(3).Next();
    EXPECT_EQ(walk.Answer(422, R"({"type":"urn:x"})"),
              "status: status 422 (urn:x), expected 201 or 409 or 500-599");
}

TEST(Journey, ExtractsFromBodyAndHeadersForLaterSteps) {
    Walk walk(R"(
steps:
  - request: POST /o
    extract: {id: /id, n: /n, place: header Location, all: /list}
  - request: GET /o/${id}
    headers: {X-N: "${n} ${place}"}
    body: "${all}"
)");
    walk.Begin().Next();
    EXPECT_EQ(walk.Answer(200, R"({"id":"a b/ü","n":12,"list":[1,{"x":null}]})",
                          {{"location", "/o/1\r\nEvil: 1"}}),
              "none");
    walk.Next();
    EXPECT_THAT(walk.out().bytes, HasSubstr("GET /o/a%20b%2F%C3%BC HTTP/1.1\r\n"));
    EXPECT_THAT(walk.out().bytes, HasSubstr("X-N: 12 /o/1??Evil: 1\r\n"));
    EXPECT_EQ(walk.out().body, R"([1,{"x":null}])");
}

TEST(Journey, EndsWhenNothingIsFoundToExtract) {
    Walk walk("steps: [{request: POST /o, extract: {id: /id}}, {request: 'GET /o/${id}'}]");
    walk.Begin().Next();
    EXPECT_EQ(walk.Answer(200, "{}"), "check: nothing to extract: there is no /id");
    EXPECT_EQ(walk.NextStep(), "end");
}

TEST(Journey, NothingOfAnEarlierJourneyIsLeft) {
    Walk walk("steps: [{request: POST /o, extract: {id: /id}}, {request: 'GET /o/${id}'}]");
    walk.Begin(1).Next();
    walk.Answer(200, R"({"id":"first"})");
    walk.Begin(2).Next();
    walk.Next();  // As with checks off: nothing was extracted.
    EXPECT_THAT(walk.out().bytes, HasSubstr("GET /o/ HTTP"));
}

TEST(Journey, AnErrorStopsTheJourneyUnlessTheStepSaysOtherwise) {
    constexpr std::string_view kFlow =
        "steps: [{name: a, request: GET /, repeat: 2, on_error: ON}, {name: b, request: GET /}]";
    for (const bool answered : {true, false}) {
        for (const bool stops : {true, false}) {
            std::string flow(kFlow);
            flow.replace(flow.find("ON}"), 2, stops ? "stop" : "continue");
            Walk walk(flow);
            EXPECT_EQ(walk.Begin().NextStep(), "a");
            if (answered) {
                walk.Answer(500, "");
            } else {
                walk.journey().Fail(ErrorKind::kTimeout);
            }
            EXPECT_EQ(walk.NextStep(), stops ? "end" : "a");
        }
    }
}

TEST(Journey, RepeatsAStepWithAMarkOfItsOwnEachTime) {
    Walk walk(
        "steps: [{name: a, request: POST /, body: '${mark}', repeat: 3}, {name: b, request: GET "
        "/}]");
    walk.Begin(9);
    EXPECT_EQ(walk.NextBody(), "load-r-9");
    EXPECT_EQ(walk.NextBody(), "load-r-9-1");
    EXPECT_EQ(walk.NextBody(), "load-r-9-2");
    EXPECT_EQ(walk.NextStep(), "b");
    EXPECT_EQ(walk.NextStep(), "end");
}

TEST(Journey, PausesBeforeEveryRequestButTheFirst) {
    Walk walk(R"(
steps:
  - pause: 5s
  - {request: GET /, think_time: 1s, repeat: 2}
  - pause: {from: 1s, to: 2s}
  - {request: GET /, think_time: 100ms}
  - pause: {mean: 1ms}
)");
    walk.Begin().Next();
    EXPECT_EQ(walk.pause(), Duration(0));
    walk.Next();
    EXPECT_EQ(walk.pause(), Duration(1s));
    walk.Next();
    EXPECT_GE(walk.pause(), Duration(1100ms));
    EXPECT_LE(walk.pause(), Duration(2100ms));
    EXPECT_EQ(walk.NextStep(), "end");
    EXPECT_GT(walk.pause(), Duration(0));
    EXPECT_LE(walk.pause(), Duration(12ms));
}

constexpr std::string_view kMix = R"(
scenarios:
  - {name: x, weight: 1, steps: [{name: x, request: GET /}]}
  - name: y
    weight: 3
    steps:
      - branch:
          - {weight: 9, steps: [{name: y1, request: GET /, extract: {id: /id}}]}
          - {steps: []}
      - {name: y2, request: GET /}
)";

std::string WayOf(Walk& walk, std::uint64_t number) {
    walk.Begin(number);
    std::string way;
    for (std::string step = walk.NextStep(); step != "end"; step = walk.NextStep())
        way += step + " ";
    return way;
}

TEST(Journey, GoesItsWayByWeight) {
    Walk walk(kMix);
    std::map<std::string, int> ways;
    for (std::uint64_t number = 0; number < 4000; ++number) ++ways[WayOf(walk, number)];
    EXPECT_EQ(ways.size(), 3U);
    EXPECT_NEAR(ways["x "], 1000, 150);
    EXPECT_NEAR(ways["y1 y2 "], 2700, 150);
    EXPECT_NEAR(ways["y2 "], 300, 100);
}

TEST(Journey, TheSameSeedAndNumberGoTheSameWayInAnyProcess) {
    Walk one(kMix, {.run = "r", .seed = 3});
    Walk other(kMix, {.run = "s", .seed = 3, .process = 2, .processes = 3});
    Walk unlike(kMix, {.run = "r", .seed = 4});
    int differing = 0;
    for (std::uint64_t number = 0; number < 200; ++number) {
        const std::string way = WayOf(one, number);
        EXPECT_EQ(way, WayOf(other, number));
        differing += way != WayOf(unlike, number) ? 1 : 0;
    }
    EXPECT_GT(differing, 20);
}

TEST(Journey, CarriesWhatTheEngineMustKnow) {
    Walk walk(R"(
steps:
  - {request: GET /, timeout: 2s, send_rate: 100/s, receive_rate: 4KiB/s, abandon_after: 5ms}
)");
    walk.Begin().Next();
    EXPECT_EQ(walk.out().timeout, Duration(2s));
    EXPECT_EQ(walk.out().send_rate, 100U);
    EXPECT_EQ(walk.out().receive_rate, 4096U);
    EXPECT_EQ(walk.out().abandon_after, Duration(5ms));
}

TEST(Journey, JourneysUnderWayAtOnceDoNotTouchEachOther) {
    const Flow flow = ParseFlow(
        "steps: [{request: POST /, body: '${mark}', mark: /m, extract: {x: /x}}, {request: 'GET "
        "/${x}'}]",
        "f.yaml");
    const auto context = MakeJourneyContext(flow, {.run = "r"}, "h");
    Journey a(context);
    Journey b(context);
    OutgoingRequest to_a;
    OutgoingRequest to_b;
    Duration pause;
    a.Begin(1);
    b.Begin(2);
    a.Advance(to_a, pause);
    b.Advance(to_b, pause);
    EXPECT_EQ(to_a.body, "load-r-1");
    EXPECT_EQ(to_b.body, "load-r-2");
    EXPECT_EQ(a.Judge({.status = 200, .headers = {}, .body = R"({"m":"load-r-1","x":"A"})"}).error,
              ErrorKind::kNone);
    EXPECT_EQ(b.Judge({.status = 200, .headers = {}, .body = R"({"m":"load-r-2","x":"B"})"}).error,
              ErrorKind::kNone);
    b.Advance(to_b, pause);
    a.Advance(to_a, pause);
    EXPECT_THAT(to_a.bytes, HasSubstr("GET /A "));
    EXPECT_THAT(to_b.bytes, HasSubstr("GET /B "));
}

}  // namespace
}  // namespace holdfast::load
