#include "tests/component/http_port/port_fixture.h"

namespace holdfast::test {
namespace {

class Exchange : public PortFixture {};

TEST_F(Exchange, ARequestIsSuspendedAndAnsweredWithTheWorkersReply) {
    Start();
    HttpClient client = Connect();
    const auto response = client.Ask(Post("/echo", "hello"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->Header("content-type"), "text/plain");
    EXPECT_EQ(response->Header("holdfast-outcome"), "replied");
    EXPECT_EQ(response->Header("holdfast-correlation-id").size(), 16U);
    EXPECT_EQ(response->Header("holdfast-processed"), "");
    EXPECT_EQ(response->Header("connection"), "");
    EXPECT_FALSE(response->Header("date").empty());
    EXPECT_EQ(Count(Counter::kOutcomeReplied), 1U);
}

TEST_F(Exchange, AConnectionServesManyRequests) {
    Start();
    HttpClient client = Connect();
    for (int i = 0; i < 100; ++i) {
        const auto response = client.Ask(Post("/echo", std::to_string(i)));
        ASSERT_TRUE(response);
        EXPECT_EQ(response->body, std::to_string(i));
    }
    EXPECT_EQ(Count(Counter::kConnectionsAccepted), 1U);
}

TEST_F(Exchange, PipelinedRequestsAreAnsweredInOrder) {
    Start();
    HttpClient client = Connect();
    std::string all;
    for (int i = 0; i < 500; ++i) {
        all += i % 5 == 4 ? Get("/nowhere") : Post("/echo", std::to_string(i));
    }
    ASSERT_TRUE(client.Send(all));
    for (int i = 0; i < 500; ++i) {
        const auto response = client.Receive();
        ASSERT_TRUE(response) << i;
        EXPECT_EQ(response->status, i % 5 == 4 ? 404U : 200U);
        if (i % 5 != 4) {
            EXPECT_EQ(response->body, std::to_string(i));
        }
    }
}

TEST_F(Exchange, ARequestThatArrivesByteByByteIsUnderstood) {
    Start();
    HttpClient client = Connect();
    for (const char c : Post("/echo", "slowly") + Get("/echo")) client.Send({&c, 1});
    EXPECT_EQ(client.Receive().value().body, "slowly");
    EXPECT_EQ(client.Receive().value().status, 200U);
}

TEST_F(Exchange, AChunkedBodyReachesTheWorkerWhole) {
    Start();
    HttpClient client = Connect();
    const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    auto response =
        client.Ask(head + "5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nTrailer: x\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "hello world");
    std::string large(60'000, 'x');
    client.Send(head);
    for (std::size_t at = 0; at < large.size(); at += 6000) {
        client.Send("1770\r\n" + large.substr(at, 6000) + "\r\n");
    }
    response = client.Ask("0\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, large);
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
}

TEST_F(Exchange, AChunkedBodyOverTheRoutesLimitIs413) {
    Start();
    HttpClient client = Connect();
    client.Send(
        "PUT /v1/items/1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    const auto response = client.Ask("c8\r\n" + std::string(200, 'x') + "\r\n0\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 413U);
    EXPECT_TRUE(client.WaitForClose());
}

TEST_F(Exchange, ContinueIsSaidOnceTheBodyIsPaidFor) {
    Start();
    HttpClient client = Connect();
    const auto interim = client.Ask(
        "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ASSERT_TRUE(interim);
    EXPECT_EQ(interim->status, 100U);
    EXPECT_GT(budget->upload_bytes(), 0U);
    EXPECT_EQ(client.Ask("hello").value().body, "hello");
}

TEST_F(Exchange, ContinueIsNotSaidToARefusedRequest) {
    limits.bytes = 300;
    Start();
    HttpClient client = Connect();
    auto response = client.Ask(
        "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503U);
    EXPECT_EQ(response->Header("connection"), "close");
    HttpClient other = Connect();
    response = other.Ask(
        "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 200-maybe\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(response.value().status, 417U);
}

TEST_F(Exchange, HeadIsAnsweredLikeGetWithoutTheBody) {
    std::string method;
    Start([&](const Request& request, Completion& completion) {
        method = request.method;
        Answer(completion, 200, "twelve bytes", "text/plain");
        return true;
    });
    HttpClient client = Connect();
    const auto response = client.Ask("HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->Header("content-length"), "12");
    EXPECT_EQ(method, "GET");
    // Had a body come, it would stand before this answer.
    EXPECT_EQ(client.Ask(Get("/echo")).value().body, "twelve bytes");
}

TEST_F(Exchange, AMalformedHeadAfterAHeadRequestIsAnsweredWithItsBody) {
    Start([](const Request&, Completion& completion) {
        Answer(completion, 200, "twelve bytes", "text/plain");
        return true;
    });
    HttpClient client = Connect();
    ASSERT_TRUE(client.Ask("HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n"));
    const auto response = client.Ask("GET / HTTP/1.1\nHost: h\n\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 400U);
    EXPECT_EQ(response->Header("content-length"), std::to_string(response->body.size()));
    EXPECT_FALSE(response->body.empty());
}

TEST_F(Exchange, OptionsAndUnknownPlacesAreAnsweredHere) {
    Start();
    HttpClient client = Connect();
    auto response = client.Ask("OPTIONS /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(response.value().status, 204U);
    EXPECT_EQ(response->Header("allow"), "GET, HEAD, OPTIONS, POST");
    response = client.Ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(response.value().status, 204U);
    EXPECT_EQ(response->Header("allow"), "GET, HEAD, OPTIONS, POST, PUT");
    EXPECT_EQ(Count(Counter::kOutcomeReplied), 2U);
    response = client.Ask("DELETE /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(response.value().status, 405U);
    EXPECT_EQ(response->Header("allow"), "GET, HEAD, OPTIONS, POST");
    response = client.Ask(Post("/nowhere", "a body that is skipped"));
    EXPECT_EQ(response.value().status, 404U);
    EXPECT_EQ(response->Header("content-type"), "application/problem+json");
    EXPECT_NE(response->body.find("\"type\":\"urn:holdfast:problem:not-found\""),
              std::string::npos);
    EXPECT_NE(response->body.find(response->Header("holdfast-correlation-id")), std::string::npos);
    EXPECT_EQ(response->Header("holdfast-processed"), "no");
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    EXPECT_EQ(bus->submits(), 1U);
}

TEST_F(Exchange, Http10ClosesUnlessAskedToKeepTheConnection) {
    Start();
    HttpClient client = Connect();
    auto response = client.Ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(response.value().status, 200U);
    EXPECT_EQ(response->Header("connection"), "keep-alive");
    response = client.Ask("GET /echo HTTP/1.0\r\n\r\n");
    EXPECT_EQ(response.value().status, 200U);
    EXPECT_EQ(response->Header("connection"), "close");
    EXPECT_TRUE(client.WaitForClose());
}

TEST_F(Exchange, TheWorkerGetsTheRequestAsThePolicySays) {
    std::map<std::string, std::string> seen;
    std::string target;
    std::string id;
    std::string key;
    Start([&](const Request& request, Completion& completion) {
        for (const gateway::Field field : request.headers) {
            seen[std::string(field.name)] = field.value;
        }
        target = request.target;
        id = request.parameters.Find("id");
        key = request.idempotency_key;
        Answer(completion, 200, "{}");
        return true;
    });
    HttpClient client = Connect();
    client.Ask(
        "GET http://example.org:80/v1/x/../items/a%7Eb%2fc?q=%41 HTTP/1.1\r\n"
        "Host: example.org:80\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nX-Stays: 2\r\n"
        "TE: trailers\r\nUpgrade: h2c\r\nForwarded: for=1.2.3.4\r\nTraceParent: 00-ab-cd-01\r\n"
        "Idempotency-Key: k-1\r\nRequest-Timeout-Ms: 50\r\n\r\n");
    EXPECT_EQ(target, "/v1/items/a~b%2Fc?q=%41");
    EXPECT_EQ(id, "a~b%2Fc");
    EXPECT_EQ(key, "k-1");
    const std::string scheme = OverTls() ? "https" : "http";
    const std::map<std::string, std::string> expected = {
        {"x-stays", "2"},
        {"traceparent", "00-ab-cd-01"},
        {"forwarded", "for=1.2.3.4, for=127.0.0.1;host=\"example.org:80\";proto=" + scheme},
    };
    EXPECT_EQ(seen, expected);
}

TEST_F(Exchange, TheTimeoutHeaderLowersTheRoutesTimeoutAndNeverRaisesIt) {
    std::vector<gateway::Duration> given;
    Start([&](const Request& request, Completion& completion) {
        given.push_back(request.deadline - request.received);
        Answer(completion, 200, "");
        return true;
    });
    HttpClient client = Connect();
    for (const char* wanted : {"100", "60000"}) {
        client.Ask("GET /echo HTTP/1.1\r\nHost: h\r\nRequest-Timeout-Ms: " + std::string(wanted) +
                   "\r\n\r\n");
    }
    ASSERT_EQ(given.size(), 2U);
    EXPECT_EQ(given[0], 100ms);
    EXPECT_EQ(given[1], 5s);
}

TEST_F(Exchange, Application1AddsItsPartToRequestAndAnswer) {
    gateway::Route orders = routes[0];
    orders.path = "/orders";
    using Source = gateway::Addition::Source;
    orders.additions = {{"orderId", Source::kUuid7, ""},
                        {"receivedAt", Source::kReceivedAt, ""},
                        {"customer", Source::kBody, "customer"},
                        {"count", Source::kBody, "count"},
                        {"status", Source::kBody, "customer"}};
    routes.push_back(orders);
    options.wall_clock = [] { return std::chrono::system_clock::time_point(1'000'000'000'123ms); };
    std::map<std::string, std::string> attributes;
    Start([&](const Request& request, Completion& completion) {
        for (const gateway::Field field : request.attributes) {
            attributes[std::string(field.name)] = field.value;
        }
        Answer(completion, 201, R"({"status":"CREATED", "total":1.10})");
        return true;
    });
    HttpClient client = Connect();
    const auto response = client.Ask(Post("/orders", R"({"customer":"c-\u0034","count":3})"));
    ASSERT_TRUE(response);
    EXPECT_EQ(attributes["customer"], "c-4");
    EXPECT_EQ(attributes["count"], "3");
    EXPECT_EQ(attributes["receivedAt"], "2001-09-09T01:46:40.123Z");
    EXPECT_EQ(response->body, "{\"orderId\":\"" + attributes["orderId"] +
                                  "\",\"receivedAt\":\"2001-09-09T01:46:40.123Z\","
                                  "\"customer\":\"c-\\u0034\",\"count\":3,"
                                  "\"status\":\"CREATED\", \"total\":1.10}");
}

TEST_F(Exchange, WhatApplication1AddsIsPaidFor) {
    routes[0].additions = {{"a", gateway::Addition::Source::kBody, "a"},
                           {"h", gateway::Addition::Source::kHeader, "x-h"}};
    Start(Hold);
    const std::string body = R"({"a":")" + std::string(1000, 'a') + R"("})";
    const std::string request = Post("/echo", body);
    HttpClient client = Connect();
    ASSERT_TRUE(client.Send(request));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    // Beside head and body, the attribute and the member of the answer.
    EXPECT_GE(budget->bytes(), request.size() + 2 * 1000);
    EXPECT_EQ(budget->upload_bytes(), 0U);
}

TEST_F(Exchange, WhatApplication1AddsIsRefusedWhenTheBudgetIsFull) {
    routes[0].additions = {{"a", gateway::Addition::Source::kBody, "a"}};
    limits.bytes = 2500;
    Start();
    HttpClient client = Connect();
    const auto refused = client.Ask(Post("/echo", R"({"a":")" + std::string(1000, 'a') + R"("})"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503U);
    EXPECT_EQ(refused->Header("holdfast-outcome"), "overloaded");
    EXPECT_EQ(refused->Header("holdfast-processed"), "no");
    EXPECT_EQ(client.Ask(Post("/echo", R"({"a":1})")).value().status, 200U);
    EXPECT_EQ(bus->submits(), 1U);
}

TEST_F(Exchange, AValueThatIsTooLargeToBeAddedIsRefusedByName) {
    routes[0].additions = {{"who", gateway::Addition::Source::kBody, "customer"},
                           {"tenant", gateway::Addition::Source::kHeader, "x-tenant"}};
    Start();
    HttpClient client = Connect();
    const std::string large(2000, 'x');
    const auto chunk = [](const std::string& data) {
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", data.size());
        return size + data + "\r\n0\r\n\r\n";
    };
    const std::string member = R"({"customer":")" + large + R"("})";
    for (const auto& [request, name] : std::vector<std::pair<std::string, std::string>>{
             {Post("/echo", member), "'customer'"},
             {"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                  chunk(member),
              "'customer'"},
             {"GET /echo HTTP/1.1\r\nHost: h\r\nX-Tenant: " + large + "\r\n\r\n", "'x-tenant'"}}) {
        const auto refused = client.Ask(request);
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->status, 400U);
        EXPECT_EQ(refused->Header("holdfast-outcome"), "rejected");
        EXPECT_NE(refused->body.find("added-value-too-large"), std::string::npos);
        EXPECT_NE(refused->body.find(name), std::string::npos) << refused->body;
    }
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    EXPECT_EQ(bus->submits(), 1U);
}

TEST_F(Exchange, ARepliesFaultsBecomeA502ThatSaysNothingOfThem) {
    int turn = 0;
    Start([&](const Request&, Completion& completion) {
        Answer(completion, 200, "secret");
        switch (turn++) {
            case 0:
                completion.reply.status = 99;
                break;
            case 1:
                completion.reply.status = 204;
                break;
            case 2:
                completion.reply.headers.Append("x", "a\r\nSet-Cookie: b");
                break;
            case 3:
                completion.reply.headers.Append("x y", "a");
                break;
            case 4:
                completion.reply.headers.Append("content-length", "7");
                break;
            case 5:
                completion.reply.headers.Append("x", std::string(20'000, 'a'));
                break;
            default:
                completion.reply.headers.Append("content-length", "6");
                break;
        }
        return true;
    });
    HttpClient client = Connect();
    for (int i = 0; i < 6; ++i) {
        const auto response = client.Ask(Get("/echo"));
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 502U) << i;
        EXPECT_EQ(response->Header("holdfast-outcome"), "worker-error");
        EXPECT_EQ(response->body.find("secret"), std::string::npos);
    }
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    EXPECT_EQ(Count(Counter::kOutcomeWorkerError), 6U);
}

TEST_F(Exchange, EveryOutcomeHasItsAnswer) {
    struct Line {
        Outcome outcome;
        Progress progress;
        unsigned status;
        std::string processed;
        bool retry_after;
    };
    const std::vector<Line> lines = {
        {Outcome::kNoWorker, Progress::kNeverSent, 503, "no", true},
        {Outcome::kUnavailable, Progress::kNeverSent, 503, "no", true},
        {Outcome::kUnavailable, Progress::kSent, 503, "unknown", false},
        {Outcome::kTimedOut, Progress::kStarted, 504, "started", false},
        {Outcome::kWorkerLost, Progress::kSent, 502, "unknown", false},
        {Outcome::kShuttingDown, Progress::kSent, 502, "unknown", false},
    };
    std::size_t turn = 0;
    Start([&](const Request&, Completion& completion) {
        completion.outcome = lines[turn].outcome;
        completion.progress = lines[turn].progress;
        ++turn;
        return true;
    });
    HttpClient client = Connect();
    for (const Line& line : lines) {
        const auto response = client.Ask(Get("/echo"));
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, line.status);
        EXPECT_EQ(response->Header("holdfast-outcome"), Name(line.outcome));
        EXPECT_EQ(response->Header("holdfast-processed"), line.processed);
        EXPECT_EQ(!response->Header("retry-after").empty(), line.retry_after);
    }
}

TEST_F(Exchange, SeveralLoopsShareTheConnections) {
    options.threads = 3;
    Start();
    std::vector<HttpClient> clients;
    for (int i = 0; i < 9; ++i) clients.push_back(Connect());
    for (HttpClient& client : clients) EXPECT_EQ(client.Ask(Post("/echo", "x")).value().body, "x");
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(server->counters(i).Get(Counter::kConnectionsAccepted), 3U);
    }
}

}  // namespace
}  // namespace holdfast::test
