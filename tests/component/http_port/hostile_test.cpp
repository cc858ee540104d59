#include <fstream>
#include <optional>
#include <sstream>

#include "tests/component/http_port/port_fixture.h"
#include "tests/support/http/http_cases.h"

// Malformed and hostile bytes, each with the answer that it must get. A refusal that concerns the
// framing must close the connection: what follows could be read differently by somebody else.
namespace holdfast::test {
namespace {

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: h\r\n";
const std::string kGet = "GET /echo HTTP/1.1\r\nHost: h\r\n";
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";

class Hostile : public PortFixture {};

TEST_F(Hostile, EveryCaseGetsItsAnswerAndNothingElseIsUnderstood) {
    Start();
    std::uint64_t understood = 0;
    for (const HttpCaseGroup& group : HttpCases()) {
        for (const HttpCase& one : group.cases) {
            EXPECT_EQ(RunHttpCase(one, Connect()), "") << one.name;
            understood += UnderstoodOf(one);
        }
    }
    EXPECT_EQ(bus->submits(), understood);
}

TEST_F(Hostile, EveryCaseGetsTheSameAnswerWhenItArrivesInPieces) {
    Start();
    for (const HttpCaseGroup& group : HttpCases()) {
        for (const HttpCase& one : group.cases) {
            if (one.bytes.size() > 500) continue;
            EXPECT_EQ(RunHttpCase(one, Connect(), 3), "") << one.name;
        }
    }
}

TEST(HttpConformance, ThePageIsThatOfTheTable) {
    const std::string page = std::string(HOLDFAST_SOURCE_DIR) + "/docs/http-conformance.md";
    std::ifstream file(page);
    std::ostringstream text;
    text << file.rdbuf();
    if (text.str() == HttpCasesAsMarkdown()) return;
    const std::string made = std::string(HOLDFAST_BINARY_DIR) + "/http-conformance.md";
    std::ofstream(made) << HttpCasesAsMarkdown();
    FAIL() << "the table has changed: cp " << made << " " << page;
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
    options.idle_timeout = 2s;  // as `used` has to live until it has asked
    Start();
    HttpClient used = Connect();
    const auto response = used.Ask(Get("/echo"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    HttpClient fresh = Connect();
    EXPECT_TRUE(used.WaitForClose());
    EXPECT_TRUE(fresh.WaitForClose());
}

}  // namespace
}  // namespace holdfast::test
