#include "gateway/http/request_builder.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/http/head_parser.h"

namespace holdfast::gateway::http {
namespace {

class RequestBuilder : public ::testing::Test {
  protected:
    RequestBuilder() {
        route.path = "/x/{id}";
        route.methods = {"GET", "POST"};
        route.timeout = std::chrono::seconds(5);
    }

    Request Build(const std::string& headers, const std::string& method = "POST",
                  std::string_view client = "10.0.0.1") {
        text = method + " /x/1?q HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
        EXPECT_EQ(ParseHead(text, head), std::nullopt);
        Framing framing;
        EXPECT_EQ(CheckFraming(head, framing), std::nullopt);
        EXPECT_EQ(ReadTerms(head, route, terms), std::nullopt);
        const Endpoint::Entry entry{&route, {"id"}};
        const std::vector<std::string_view> parameters = {"1"};
        return BuildRequest({.head = head,
                             .framing = framing,
                             .entry = entry,
                             .parameters = parameters,
                             .terms = terms,
                             .path = "/x/1",
                             .query = "?q",
                             .client = client,
                             .is_tls = is_tls});
    }

    std::optional<Reject> Terms(const std::string& headers) {
        text = "GET / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
        EXPECT_EQ(ParseHead(text, head), std::nullopt);
        return ReadTerms(head, route, terms);
    }

    Route route;
    std::string text;
    RequestHead head;
    RequestTerms terms;
    bool is_tls = false;
};

TEST_F(RequestBuilder, CopiesTargetParametersAndHeaders) {
    const Request request = Build("X-A: 1\r\nx-b:  2 \r\n");
    EXPECT_EQ(request.target, "/x/1?q");
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.parameters.Find("id"), "1");
    std::string seen;
    for (const Field field : request.headers) {
        seen += std::string(field.name) + "=" + std::string(field.value) + "|";
    }
    EXPECT_EQ(seen, "x-a=1|x-b=2|forwarded=for=10.0.0.1;host=h;proto=http|");
}

TEST_F(RequestBuilder, HopByHopHeadersEndHere) {
    const Request request = Build(
        "Connection: X-One, close\r\nX-One: 1\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\n"
        "TE: gzip\r\nTrailer: x\r\nUpgrade: y\r\nProxy-Authorization: z\r\nExpect: 100-continue\r\n"
        "Content-Length: 0\r\nContent-Type: text/plain\r\n");
    std::string names;
    for (const Field field : request.headers) names += std::string(field.name) + " ";
    EXPECT_EQ(names, "content-type forwarded ");
}

TEST_F(RequestBuilder, ForwardedIsAppendedToWhatCame) {
    const Request request = Build("Forwarded: for=a\r\nForwarded: for=b\r\n", "GET", "2001:db8::1");
    EXPECT_EQ(request.headers.Find("forwarded"),
              "for=a, for=b, for=\"[2001:db8::1]\";host=h;proto=http");
}

TEST_F(RequestBuilder, ForwardedSaysThatItCameOverTls) {
    is_tls = true;
    EXPECT_EQ(Build("").headers.Find("forwarded"), "for=10.0.0.1;host=h;proto=https");
}

TEST_F(RequestBuilder, AForwardedThatWouldSwallowOursIsLeftOut) {
    const Request request =
        Build("Forwarded: for=a;x=\"\r\nForwarded: for=\"b\\\"\"\r\n", "GET", "10.0.0.1");
    EXPECT_EQ(request.headers.Find("forwarded"), "for=\"b\\\"\", for=10.0.0.1;host=h;proto=http");
}

TEST_F(RequestBuilder, LongHeaderNamesBecomeLowerCaseToo) {
    const Request request = Build(std::string(200, 'X') + ": v\r\n");
    EXPECT_EQ((*request.headers.begin()).name, std::string(200, 'x'));
}

TEST_F(RequestBuilder, KnowsWhatMayBeRepeated) {
    EXPECT_TRUE(Build("", "GET").idempotent);
    EXPECT_FALSE(Build("").idempotent);
    EXPECT_FALSE(Build("Idempotency-Key: k\r\n").idempotent);
    route.idempotency_key = true;
    EXPECT_TRUE(Build("Idempotency-Key: k\r\n").idempotent);
    EXPECT_FALSE(Build("").idempotent);
    route.idempotent = true;
    EXPECT_TRUE(Build("").idempotent);
}

TEST_F(RequestBuilder, AHeadThatTheRouteDoesNotListIsTheWorkersGet) {
    EXPECT_EQ(Build("", "HEAD").method, "GET");
    route.methods.emplace_back("HEAD");
    EXPECT_EQ(Build("", "HEAD").method, "HEAD");
}

TEST_F(RequestBuilder, TheTimeoutIsLoweredNeverRaised) {
    EXPECT_EQ(Terms(""), std::nullopt);
    EXPECT_EQ(terms.timeout, std::chrono::seconds(5));
    EXPECT_EQ(Terms("Request-Timeout-Ms: 20\r\n"), std::nullopt);
    EXPECT_EQ(terms.timeout, std::chrono::milliseconds(20));
    EXPECT_EQ(Terms("Request-Timeout-Ms: 999999999\r\n"), std::nullopt);
    EXPECT_EQ(terms.timeout, std::chrono::seconds(5));
    for (const char* bad : {"0", "", "-1", "1.5", "1000000000", "1 2", "x"}) {
        EXPECT_EQ(Terms("Request-Timeout-Ms: " + std::string(bad) + "\r\n"),
                  Reject::kTimeoutInvalid)
            << bad;
    }
}

TEST_F(RequestBuilder, AnIdempotencyKeyIsVisibleAscii) {
    EXPECT_EQ(Terms("Idempotency-Key: " + std::string(255, 'k') + "\r\n"), std::nullopt);
    for (const std::string& bad :
         {std::string(256, 'k'), std::string("a b"), std::string("\xc3\xa4"), std::string()}) {
        EXPECT_EQ(Terms("Idempotency-Key: " + bad + "\r\n"), Reject::kIdempotencyKeyInvalid);
    }
    EXPECT_EQ(Terms("Idempotency-Key: a\r\nIdempotency-Key: a\r\n"),
              Reject::kIdempotencyKeyInvalid);
}

TEST_F(RequestBuilder, MediaTypesAreComparedWithoutTheirParameters) {
    route.content_types = {"application/json"};
    Build("Content-Type: Application/JSON ; charset=utf-8\r\n");
    EXPECT_TRUE(TakesMediaType(head, route));
    Build("Content-Type: application/jsonx\r\n");
    EXPECT_FALSE(TakesMediaType(head, route));
    Build("");
    EXPECT_FALSE(TakesMediaType(head, route));
    route.content_types.clear();
    EXPECT_TRUE(TakesMediaType(head, route));
}

}  // namespace
}  // namespace holdfast::gateway::http
