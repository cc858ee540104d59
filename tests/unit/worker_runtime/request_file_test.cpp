#include "worker/runtime/request_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/span.hpp>

#include <string>

#include "worker/runtime/base64.h"
#include "worker/runtime/request_block.h"

namespace holdfast::worker {
namespace {

using ::testing::HasSubstr;

std::string Refusal(const std::string& text) {
    try {
        ParseRequestFile(text, "r.json");
    } catch (const RequestFileError& error) {
        return error.what();
    }
    return "taken";
}

TEST(Base64, IsThatOfTheRfc) {
    const std::pair<const char*, const char*> kPairs[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : kPairs) {
        EXPECT_EQ(EncodeBase64(bytes), text);
        EXPECT_EQ(DecodeBase64(text), bytes);
    }
    for (const char* bad : {"Z", "Zg=", "Zg", "Zh==", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Z=9v",
                            "Zm-v", "=m9v", "Zg=v"}) {
        EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
    }
}

TEST(ARequestFile, SaysEverythingThatARequestHas) {
    const RequestFile request = ParseRequestFile(R"({
        "correlation_id": "00000000000004d2", "attempt": 2, "service": "orders",
        "route": "/v1/orders/{id}", "method": "PUT", "target": "/v1/orders/7?x=1",
        "timeout": "250ms", "idempotency_key": "k", "parameters": {"id": "7"},
        "headers": {"Accept": ["a", "b"], "x-bytes": {"base64": "/w=="}},
        "attributes": {"orderId": "o"}, "body": {"json": {"a": [1, 2]}}})",
                                                 "r.json");
    const auto payload = request.MakePayload("other");
    const holdfast_request_v1& seen = static_cast<const RequestBlock&>(*payload).request();
    EXPECT_EQ(seen.correlation_id, 1234U);
    EXPECT_EQ(seen.attempt, 2U);
    EXPECT_EQ(View(seen.service), "orders");
    EXPECT_EQ(View(seen.route), "/v1/orders/{id}");
    EXPECT_EQ(View(seen.method), "PUT");
    EXPECT_EQ(View(seen.target), "/v1/orders/7?x=1");
    EXPECT_EQ(View(seen.idempotency_key), "k");
    EXPECT_EQ(View(seen.body), R"({"a": [1, 2]})");
    ASSERT_EQ(seen.headers.count, 3U);
    EXPECT_EQ(View(seen.headers.items[1].name), "accept");
    EXPECT_EQ(View(seen.headers.items[1].value), "b");
    EXPECT_EQ(View(seen.headers.items[2].value), "\xff");
    EXPECT_EQ(View(seen.parameters.items[0].value), "7");
    EXPECT_EQ(View(seen.attributes.items[0].name), "orderId");
    EXPECT_EQ(request.timeout, std::chrono::milliseconds(250));
}

TEST(ARequestFile, MayLeaveEverythingOut) {
    const RequestFile request = ParseRequestFile(R"({"target": "/a?b"})", "r.json");
    const auto payload = request.MakePayload("first");
    const holdfast_request_v1& seen = static_cast<const RequestBlock&>(*payload).request();
    EXPECT_EQ(View(seen.service), "first");
    EXPECT_EQ(View(seen.route), "/a");
    EXPECT_EQ(View(seen.method), "GET");
    EXPECT_EQ(seen.attempt, 1U);
    EXPECT_EQ(ParseRequestFile(R"({"body": "x"})", "r").Method(), "POST");
}

TEST(ARequestFile, IsReadBackAsItWasWritten) {
    RequestFile request = ParseRequestFile(
        R"({"target":"/x","timeout":"1500ms","idempotency_key":"\u00e4","headers":{"b":"1","a":["2",
        "3","4"]},"parameters":{"id":""},"attributes":{"n":"\u0000"},"body":{"base64":"AP8="}})",
        "r.json");
    request.service = "s";
    const RequestFile again = ParseRequestFile(FormatRequestFile(request), "again");
    EXPECT_EQ(again.headers, request.headers);
    EXPECT_EQ(again.parameters, request.parameters);
    EXPECT_EQ(again.attributes, request.attributes);
    EXPECT_EQ(again.body, std::string("\0\xff", 2));
    EXPECT_EQ(again.idempotency_key, "\xc3\xa4");
    EXPECT_EQ(again.timeout, request.timeout);
    EXPECT_EQ(again.service, "s");
    EXPECT_EQ(again.correlation_id, request.correlation_id);
}

TEST(ARequestFile, NamesThePlaceOfWhatIsWrong) {
    EXPECT_EQ(Refusal("{\n \"bdy\": 1}"),
              "r.json:2:2: a request has no \"bdy\"; did you mean \"body\"?");
    EXPECT_EQ(Refusal("[]"), "r.json:1:1: a request is a JSON object");
    EXPECT_EQ(Refusal("{"), "r.json:1:2: the name of a member, in double quotes, is wanted here");
    EXPECT_EQ(Refusal(R"({"method":1})"), "r.json:1:11: method must be a string");
    EXPECT_THAT(Refusal(R"({"attempt":0})"), HasSubstr("attempt must be an integer from 1"));
    EXPECT_THAT(Refusal(R"({"timeout":"5"})"), HasSubstr("timeout must be a duration"));
    EXPECT_THAT(Refusal(R"({"timeout":"153722867m"})"), HasSubstr("a year at most"));
    EXPECT_THAT(Refusal(R"({"correlation_id":"xyz"})"), HasSubstr("hexadecimal"));
    EXPECT_THAT(Refusal(R"({"headers":["a"]})"), HasSubstr("headers must be an object of strings"));
    EXPECT_THAT(Refusal(R"({"headers":{"a":7}})"), HasSubstr("1:17: a must be a string"));
    EXPECT_THAT(Refusal(R"({"body":{"base64":"!"}})"), HasSubstr("this is not base64"));
    EXPECT_THAT(Refusal(R"({"body":{"text":"a"}})"), HasSubstr("body must be a string"));
}

}  // namespace
}  // namespace holdfast::worker
