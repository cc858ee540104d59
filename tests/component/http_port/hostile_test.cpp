#include <optional>

#include "tests/component/http_port/port_fixture.h"

// Malformed and hostile bytes, each with the answer that it must get. A refusal that concerns the
// framing must close the connection: what follows could be read differently by somebody else.
namespace holdfast::test {
namespace {

struct Case {
    std::string name;
    std::string bytes;
    unsigned status;  ///< 0: no answer, the connection is closed
    bool closes = true;
};

const std::string kHost = "Host: h\r\n";
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: h\r\n";
const std::string kGet = "GET /echo HTTP/1.1\r\nHost: h\r\n";
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

std::string ManyHeaders(int count) {
    std::string text = kGet;
    for (int i = 1; i < count; ++i) text += "a" + std::to_string(i) + ": b\r\n";
    return text + "\r\n";
}

std::vector<Case> Cases() {
    using namespace std::string_literals;
    return {
        // two lengths, or none that everybody would agree on
        {"length and coding",
         kPost + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kSmuggled,
         400},
        {"coding and length",
         kPost + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + kSmuggled,
         400},
        {"two lengths", kPost + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400},
        {"two equal lengths", kPost + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"list of lengths", kPost + "Content-Length: 4, 4\r\n\r\nabcd", 400},
        {"signed length", kPost + "Content-Length: +4\r\n\r\nabcd", 400},
        {"negative length", kPost + "Content-Length: -1\r\n\r\n", 400},
        {"hexadecimal length", kPost + "Content-Length: 0x4\r\n\r\nabcd", 400},
        {"length with a blank inside", kPost + "Content-Length: 1 0\r\n\r\nabcd", 400},
        {"empty length", kPost + "Content-Length: \r\n\r\n", 400},
        {"overflowing length", kPost + "Content-Length: 18446744073709551617\r\n\r\na", 400},
        {"length over the limit", kPost + "Content-Length: 65537\r\n\r\n", 413},
        {"huge length", kPost + "Content-Length: 9223372036854775807\r\n\r\n", 413},
        {"unknown coding", kPost + "Transfer-Encoding: gzip\r\n\r\n", 501},
        {"unknown coding before chunked",
         kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"identity coding", kPost + "Transfer-Encoding: identity\r\n\r\n", 501},
        {"nearly chunked", kPost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        {"chunked twice", kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400},
        {"two coding headers",
         kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"second coding header unknown",
         kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n", 400},
        {"chunked not last", kPost + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400},
        {"empty element beside chunked", kPost + "Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n",
         400},
        {"empty coding", kPost + "Transfer-Encoding:\r\n\r\n", 400},
        {"vertical tab in the coding",
         kPost + "Transfer-Encoding: \x0b"
                 "chunked\r\n\r\n0\r\n\r\n",
         400},
        {"chunked in HTTP/1.0",
         "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"HTTP/1.0 body without a length", "POST /echo HTTP/1.0\r\n\r\nabc", 411},
        // lines
        {"space before the colon", kPost + "Content-Length : 4\r\n\r\nabcd", 400},
        {"tab before the colon", kPost + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400},
        {"folded header", kGet + "X: a\r\n b\r\n\r\n", 400},
        {"folded length", kPost + "Content-Length:\r\n 4\r\n\r\nabcd", 400},
        {"folded first header", "GET /echo HTTP/1.1\r\n Host: h\r\n\r\n", 400},
        {"bare LF after a header", kGet + "X: a\nY: b\r\n\r\n", 400},
        {"bare LF for the empty line", "GET /echo HTTP/1.1\r\nHost: h\r\n\n", 400},
        {"bare LF after the request line", "GET /echo HTTP/1.1\nHost: h\r\n\r\n", 400},
        {"bare CR in a value", kGet + "X: a\rTransfer-Encoding: chunked\r\n\r\n", 400},
        {"CR CR LF", kGet + "X: a\r\r\n\r\n", 400},
        {"NUL in a value", kGet + "X: a\0b\r\n\r\n"s, 400},
        {"NUL in a name", kGet + "X\0: a\r\n\r\n"s, 400},
        {"control byte in a value", kGet + "X: a\x01\r\n\r\n", 400},
        {"header without a colon", kGet + "nonsense\r\n\r\n", 400},
        {"header without a name", kGet + ": a\r\n\r\n", 400},
        {"name that is no token", kGet + "a(b): c\r\n\r\n", 400},
        {"name beyond ASCII", kGet + "x\xc3\xa4: c\r\n\r\n", 400},
        // Host
        {"no Host", "GET /echo HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", kGet + kHost + "\r\n", 400},
        {"empty Host", "GET /echo HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"Host with a path", "GET /echo HTTP/1.1\r\nHost: h/x\r\n\r\n", 400},
        {"Host with user info", "GET /echo HTTP/1.1\r\nHost: a@h\r\n\r\n", 400},
        {"Host list", "GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"Host with a bad port", "GET /echo HTTP/1.1\r\nHost: h:x\r\n\r\n", 400},
        {"absolute target of another host", "GET http://other/echo HTTP/1.1\r\nHost: h\r\n\r\n",
         400},
        {"absolute target with user info", "GET http://a@h/echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"absolute target of another scheme", "GET ftp://h/echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        // the request line
        {"no version", "GET /echo\r\nHost: h\r\n\r\n", 400},
        {"two blanks", "GET  /echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"blank in the target", "GET /echo x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"tab for a blank", "GET\t/echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"leading blank", " GET /echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"lower-case protocol", "GET /echo http/1.1\r\nHost: h\r\n\r\n", 400},
        {"method that is no token", "G@T /echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"three empty lines first", "\r\n\r\n\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"TLS to a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s, 400},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HTTP/2.0", "GET /echo HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"HTTP/1.2", "GET /echo HTTP/1.2\r\nHost: h\r\n\r\n", 505},
        {"HTTP/0.9 version", "GET /echo HTTP/0.9\r\nHost: h\r\n\r\n", 505},
        {"huge method", std::string(100, 'A') + " /echo HTTP/1.1\r\nHost: h\r\n\r\n", 501},
        {"CONNECT", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", 501},
        {"unknown method", "BREW /echo HTTP/1.1\r\nHost: h\r\n\r\n", 501, false},
        {"lower-case method", "get /echo HTTP/1.1\r\nHost: h\r\n\r\n", 501, false},
        {"asterisk without OPTIONS", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"target without a slash", "GET echo HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"fragment", "GET /echo#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"target beyond ASCII", "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"above the root", "GET /../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"above the root, encoded", "GET /%2e%2E/etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"encoded NUL", "GET /echo%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"encoded line end", "GET /echo%0d%0aX:%20y HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"cut percent-encoding", "GET /echo%2 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"wrong percent-encoding", "GET /echo%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"encoded slash is no separator", "GET /v1%2Fitems/1 HTTP/1.1\r\nHost: h\r\n\r\n", 404,
         false},
        // limits
        {"long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
        {"endless request line", "GET /" + std::string(12'000, 'a'), 414},
        {"large header", kGet + "X: " + std::string(17'000, 'a') + "\r\n\r\n", 431},
        {"endless header", kGet + "X: " + std::string(20'000, 'a'), 431},
        {"101 headers", ManyHeaders(101), 431},
        {"100 headers", ManyHeaders(100), 200, false},
        {"many connection options", kGet + "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\r\n\r\n",
         400},
        // meaning
        {"wrong media type",
         "PUT /v1/items/1 HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: "
         "2\r\n\r\n{}",
         415, false},
        {"no media type", "PUT /v1/items/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}", 415,
         false},
        {"unknown expectation", kPost + "Expect: the-unexpected\r\nContent-Length: 1\r\n\r\na", 417,
         false},
        {"timeout of zero", kGet + "Request-Timeout-Ms: 0\r\n\r\n", 400, false},
        {"timeout that is no number", kGet + "Request-Timeout-Ms: 1s\r\n\r\n", 400, false},
        {"two timeouts", kGet + "Request-Timeout-Ms: 5\r\nRequest-Timeout-Ms: 6\r\n\r\n", 400,
         false},
        {"long idempotency key", kGet + "Idempotency-Key: " + std::string(256, 'k') + "\r\n\r\n",
         400, false},
        {"idempotency key with a blank", kGet + "Idempotency-Key: a b\r\n\r\n", 400, false},
        // chunks
        {"chunk size that is no number", kChunked + "xyz\r\nabc\r\n0\r\n\r\n", 400},
        {"prefixed chunk size", kChunked + "0x3\r\nabc\r\n0\r\n\r\n", 400},
        {"negative chunk size", kChunked + "-1\r\n\r\n0\r\n\r\n", 400},
        {"overflowing chunk size", kChunked + "10000000000000003\r\nabc\r\n0\r\n\r\n", 400},
        {"chunk longer than its size", kChunked + "3\r\nabcd\r\n0\r\n\r\n", 400},
        {"chunk size ended by LF", kChunked + "3\nabc\r\n0\r\n\r\n", 400},
        {"LF in a chunk extension", kChunked + "3;a\nb\r\nabc\r\n0\r\n\r\n", 400},
        {"endless chunk extension", kChunked + "3;" + std::string(30'000, 'a'), 400},
        {"long chunk extension", kChunked + "3;" + std::string(300, 'a') + "\r\nabc\r\n0\r\n\r\n",
         400},
        {"control byte in a trailer", kChunked + "0\r\nX: a\x01\r\n\r\n", 400},
        {"length in a trailer", kChunked + "0\r\nContent-Length: 5\r\n\r\n", 400},
        {"endless trailers", kChunked + "0\r\nX: " + std::string(30'000, 'a'), 400},
        {"chunks over the limit", kChunked + "10001\r\n" + std::string(65'537, 'a'), 413},
    };
}

class Hostile : public PortFixture {};

TEST_F(Hostile, EveryCaseGetsItsAnswerAndNothingElseIsUnderstood) {
    Start();
    std::uint64_t understood = 0;
    for (const Case& one : Cases()) {
        SCOPED_TRACE(one.name);
        HttpClient client = Connect();
        client.Send(one.bytes);
        const auto response = client.Receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, one.status) << response->body;
        EXPECT_EQ(response->Header("connection") == "close", one.closes);
        if (one.closes) {
            EXPECT_TRUE(client.WaitForClose());
        } else {
            EXPECT_EQ(client.Ask(kGet + "\r\n").value().status, 200U);
            ++understood;
        }
        if (one.status >= 400) {
            EXPECT_EQ(response->Header("content-type"), "application/problem+json");
            EXPECT_EQ(response->Header("holdfast-outcome"), "rejected");
            EXPECT_EQ(response->Header("holdfast-processed"), "no");
        } else {
            ++understood;
        }
    }
    EXPECT_EQ(bus->submits(), understood);
    EXPECT_GE(Cases().size(), 45U);
}

TEST_F(Hostile, EveryCaseGetsTheSameAnswerWhenItArrivesInPieces) {
    Start();
    for (const Case& one : Cases()) {
        if (one.bytes.size() > 500) continue;
        SCOPED_TRACE(one.name);
        HttpClient client = Connect();
        for (std::size_t at = 0; at < one.bytes.size(); at += 3) {
            if (!client.Send(std::string_view(one.bytes).substr(at, 3))) break;
        }
        const auto response = client.Receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, one.status) << response->body;
    }
}

TEST_F(Hostile, EarlyClosesLeaveNothingBehind) {
    Start();
    const std::vector<std::string> beginnings = {"",
                                                 "G",
                                                 "GET /echo HTTP/1.1\r\n",
                                                 kGet,
                                                 kPost + "Content-Length: 10\r\n\r\n12345",
                                                 kChunked + "5\r\nab",
                                                 kChunked,
                                                 "\r\n"};
    for (const std::string& beginning : beginnings) {
        for (const bool reset : {false, true}) {
            HttpClient client = Connect();
            client.Send(beginning);
            if (reset) {
                client.Reset();
            } else {
                client.ShutdownSend();
                EXPECT_TRUE(client.WaitForClose());
            }
        }
    }
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 0; }));
    EXPECT_TRUE(PermitsReturn());
    EXPECT_EQ(bus->submits(), 0U);
}

TEST_F(Hostile, ASlowHeadIs408) {
    options.head_timeout = 50ms;
    Start();
    HttpClient client = Connect();
    client.Send("GET /echo HTTP/1.1\r\nHos");
    EXPECT_EQ(client.Receive().value().status, 408U);
    EXPECT_TRUE(client.WaitForClose());
}

TEST_F(Hostile, AHeadThatTricklesInIs408AllTheSame) {
    options.head_timeout = 100ms;
    Start();
    HttpClient client = Connect();
    client.patience = 10ms;
    client.Send("GET /echo HTTP/1.1\r\n");
    std::optional<HttpResponse> response;
    for (int i = 0; i < 1000 && !response; ++i) {
        client.Send("a: b\r\n");
        response = client.Receive();
    }
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408U);
}

TEST_F(Hostile, ASlowBodyIs408) {
    options.body_timeout = 50ms;
    Start();
    for (const std::string& beginning :
         {kPost + "Content-Length: 10\r\n\r\n12345", kChunked + "5\r\nab"}) {
        HttpClient client = Connect();
        client.Send(beginning);
        const auto response = client.Receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 408U);
        EXPECT_NE(response->body.find("body-timeout"), std::string::npos);
        EXPECT_TRUE(client.WaitForClose());
    }
    EXPECT_TRUE(PermitsReturn());
}

TEST_F(Hostile, ABodyBelowTheMinimumRateIs408) {
    options.body_timeout = 60s;
    options.body_rate_grace = 50ms;
    options.body_min_rate = 1'000'000;
    options.linger_timeout = 100ms;
    Start();
    HttpClient client = Connect();
    client.Send(kPost + "Content-Length: 1000\r\n\r\n");
    client.patience = 10ms;
    std::optional<HttpResponse> response;
    for (int i = 0; i < 900 && !response; ++i) {
        client.Send("x");
        response = client.Receive();
    }
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408U);
}

TEST_F(Hostile, AnIdleConnectionIsClosedWithoutAWord) {
    options.idle_timeout = 50ms;
    Start();
    HttpClient fresh = Connect();
    EXPECT_TRUE(fresh.WaitForClose());
    HttpClient used = Connect();
    EXPECT_EQ(used.Ask(Get("/echo")).value().status, 200U);
    EXPECT_TRUE(used.WaitForClose());
}

}  // namespace
}  // namespace holdfast::test
