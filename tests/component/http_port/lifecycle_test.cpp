#include <mutex>

#include "tests/component/http_port/port_fixture.h"

namespace holdfast::test {
namespace {

class Lifecycle : public PortFixture {
  protected:
    std::uint64_t Latencies() const {
        using gateway::LatencyHistogram;
        std::uint64_t sum = 0;
        for (std::uint32_t i = 0; i < server->loops(); ++i) {
            const LatencyHistogram& latency = server->counters(i).latency();
            for (std::size_t b = 0; b < LatencyHistogram::kBuckets; ++b) sum += latency.bucket(b);
        }
        return sum;
    }
};

TEST_F(Lifecycle, AClientThatClosesWhileSuspendedCausesExactlyOneCancel) {
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    client.ShutdownSend();
    ASSERT_TRUE(Eventually([this] { return bus->cancels() == 1; }));
    EXPECT_TRUE(client.WaitForClose());
    EXPECT_TRUE(PermitsReturn());
    EXPECT_EQ(bus->cancels(), 1U);
    EXPECT_EQ(Count(Counter::kClientsGone), 1U);
    EXPECT_EQ(Count(Counter::kOutcomeCancelled), 1U);
}

TEST_F(Lifecycle, AClientThatResetsWhileSuspendedCausesExactlyOneCancel) {
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Post("/echo", "body"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    client.Reset();
    ASSERT_TRUE(Eventually([this] { return bus->cancels() == 1; }));
    EXPECT_TRUE(PermitsReturn());
    EXPECT_EQ(bus->cancels(), 1U);
}

TEST_F(Lifecycle, ADisconnectIsSeenBehindPipelinedRequests) {
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Get("/echo") + Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    client.Send(Get("/echo"));
    client.Close();
    ASSERT_TRUE(Eventually([this] { return bus->cancels() == 1; }));
    EXPECT_TRUE(PermitsReturn());
    EXPECT_EQ(bus->submits(), 1U);
}

TEST_F(Lifecycle, AHalfClosedClientIsServedWhereTheSettingSaysSo) {
    options.half_close = gateway::http::HalfClose::kServe;
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Post("/echo", "body"));
    client.ShutdownSend();
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    bus->Release(Echo);
    EXPECT_EQ(client.Receive().value().body, "body");
    EXPECT_TRUE(client.WaitForClose());
    EXPECT_EQ(bus->cancels(), 0U);
}

TEST_F(Lifecycle, AResetIsACancelEvenWhereHalfClosedClientsAreServed) {
    options.half_close = gateway::http::HalfClose::kServe;
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    client.Reset();
    EXPECT_TRUE(Eventually([this] { return bus->cancels() == 1; }));
}

TEST_F(Lifecycle, ThousandDisconnectsReturnEveryPermit) {
    Start(Hold);
    for (int round = 0; round < 5; ++round) {
        std::vector<HttpClient> clients;
        for (int i = 0; i < 200; ++i) {
            clients.push_back(Connect());
            clients.back().Send(Post("/echo", "body"));
        }
        ASSERT_TRUE(Eventually([this] { return bus->held() == 200; }));
        for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].Reset();
        clients.clear();
        ASSERT_TRUE(PermitsReturn());
    }
    EXPECT_EQ(bus->cancels(), 1000U);
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 0; }));
}

TEST_F(Lifecycle, AFullBudgetIsA503AtOnceAndTheConnectionLivesOn) {
    limits.requests = 1;
    Start(Hold);
    HttpClient first = Connect();
    first.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    HttpClient second = Connect();
    auto response = second.Ask(Post("/echo", "skipped"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503U);
    EXPECT_EQ(response->Header("holdfast-outcome"), "overloaded");
    EXPECT_EQ(response->Header("holdfast-processed"), "no");
    EXPECT_EQ(response->Header("retry-after"), "1");
    bus->Release(Echo);
    EXPECT_EQ(first.Receive().value().status, 200U);
    ASSERT_TRUE(PermitsReturn());
    second.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    bus->Release(Echo);
    EXPECT_EQ(second.Receive().value().status, 200U);
}

TEST_F(Lifecycle, ARouteThatHasItsShareIsRefusedWhileTheOthersHaveRoom) {
    using Budget = gateway::RouteBudget;
    routes[0].budget = std::make_shared<Budget>(Budget::Limits{.requests = 1, .bytes = 1000});
    Start(Hold);
    HttpClient first = Connect();
    first.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    HttpClient second = Connect();
    const auto refused = second.Ask(Post("/echo", "skipped"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503U);
    EXPECT_EQ(refused->Header("holdfast-outcome"), "overloaded");
    EXPECT_EQ(refused->Header("holdfast-processed"), "no");
    EXPECT_EQ(refused->Header("retry-after"), "1");
    EXPECT_EQ(Count(Counter::kOverloadedRoute), 1U);
    second.Send(Get("/v1/items/7"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 2; }));
    bus->Release(Echo);
    EXPECT_EQ(first.Receive().value().status, 200U);
    EXPECT_EQ(second.Receive().value().status, 200U);
    ASSERT_TRUE(PermitsReturn());
    // In bytes it is decided on the head alone, before the body.
    second.Send(
        "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
        "Content-Length: 990\r\n\r\n");
    EXPECT_EQ(second.Receive().value().status, 503U);
    EXPECT_EQ(Count(Counter::kOverloadedRoute), 2U);
    EXPECT_EQ(Count(Counter::kOverloadedBudget), 0U);
    // What the refused one had of it goes once its answer is written.
    EXPECT_TRUE(Eventually([this] { return routes[0].budget->requests() == 0; }));
    EXPECT_TRUE(Eventually([this] { return routes[0].budget->bytes() == 0; }));
}

TEST_F(Lifecycle, UploadsHaveABudgetOfTheirOwn) {
    limits.upload_bytes = 1000;
    Start();
    HttpClient slow = Connect();
    slow.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\nx");
    ASSERT_TRUE(Eventually([this] { return budget->upload_bytes() == 900; }));
    HttpClient other = Connect();
    EXPECT_EQ(other.Ask(Post("/echo", std::string(200, 'x'))).value().status, 200U)
        << "a body that came with its head waits for nobody";
    other.Send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    const auto response = other.Ask("c8\r\n" + std::string(200, 'x') + "\r\n0\r\n\r\n");
    EXPECT_EQ(response.value().status, 503U);
    EXPECT_EQ(response->Header("connection"), "close");
    EXPECT_EQ(slow.Ask(std::string(899, 'x')).value().status, 200U);
    HttpClient third = Connect();
    EXPECT_EQ(third.Ask(Post("/echo", std::string(200, 'x'))).value().status, 200U);
}

TEST_F(Lifecycle, ASlowReaderIsCutOffAndItsPermitComesBack) {
    options.write_timeout = 100ms;
    Start([](const Request&, Completion& completion) {
        Answer(completion, 200, std::string(32U << 20U, 'x'), "text/plain");
        return true;
    });
    HttpClient client = Connect(4096);
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->submits() == 1; }));
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 0; }));
    EXPECT_TRUE(PermitsReturn());
}

TEST_F(Lifecycle, AnAnswerThatLiesInTheKernelCountsAsAConnectionUntilItIsCutOff) {
    options.write_timeout = 500ms;
    Start([](const Request&, Completion& completion) {
        Answer(completion, 200, std::string(64U << 10U, 'x'), "text/plain");
        return true;
    });
    // All of the answer is in the kernel, but its client has no room for it.
    HttpClient client = Connect(4096);
    client.Send("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_TRUE(Eventually([this] { return Count(Counter::kOutcomeReplied) == 1; }));
    EXPECT_EQ(server->active_connections(), 1U);
    EXPECT_TRUE(PermitsReturn());
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 0; }));
    EXPECT_FALSE(client.Receive()) << "the rest should have been thrown away";
}

TEST_F(Lifecycle, AnAnswerThatLiesInTheKernelReachesAClientThatReadsLate) {
    Start([](const Request&, Completion& completion) {
        Answer(completion, 200, std::string(64U << 10U, 'x'), "text/plain");
        return true;
    });
    for (const bool half_closed : {false, true}) {
        HttpClient client = Connect(4096);
        client.Send("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        const std::uint64_t before = half_closed ? 1 : 0;
        ASSERT_TRUE(Eventually([&] { return Count(Counter::kOutcomeReplied) == before + 1; }));
        if (half_closed) client.ShutdownSend();
        const auto response = client.Receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->body.size(), 64U << 10U);
        EXPECT_TRUE(client.WaitForClose());
        EXPECT_TRUE(Eventually([this] { return server->active_connections() == 0; }));
    }
}

TEST_F(Lifecycle, ALargeReplyReachesAClientThatReadsInItsOwnTime) {
    std::string large(8U << 20U, 'x');
    for (std::size_t i = 0; i < large.size(); i += 997) large[i] = 'y';
    Start([&](const Request&, Completion& completion) {
        Answer(completion, 200, large, "text/plain");
        return true;
    });
    HttpClient client = Connect(4096);
    client.Send(Get("/echo") + Get("/echo"));
    for (int i = 0; i < 2; ++i) {
        const auto response = client.Receive();
        ASSERT_TRUE(response);
        EXPECT_TRUE(response->body == large);
    }
}

TEST_F(Lifecycle, ARefusalThatWaitsForItsClientHasNoLatency) {
    Start();
    // Their answers are more than the kernel takes for a client that does not read.
    constexpr std::size_t kRequests = 2'000;
    std::string requests;
    for (std::size_t i = 0; i < kRequests; ++i) requests += Get("/nowhere");
    HttpClient client = Connect(4096);
    client.Send(requests);
    for (std::size_t i = 0; i < kRequests; ++i) {
        const auto response = client.Receive();
        ASSERT_TRUE(response);
        ASSERT_EQ(response->status, 404U);
    }
    EXPECT_EQ(Latencies(), 0U);
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    EXPECT_TRUE(Eventually([this] { return Latencies() == 1; }));
}

TEST_F(Lifecycle, ConnectionsOverTheLimitAreToldSoAndClosed) {
    options.max_connections = 2;
    options.linger_timeout = 100ms;
    Start();
    HttpClient first = Connect();
    HttpClient second = Connect();
    EXPECT_EQ(first.Ask(Get("/echo")).value().status, 200U);
    EXPECT_EQ(second.Ask(Get("/echo")).value().status, 200U);
    HttpClient third = Connect();
    const auto response = third.Ask(Get("/echo"));
    // Over TLS an answer would need a handshake: the connection is just closed.
    EXPECT_EQ(response.has_value(), !OverTls());
    if (response) {
        EXPECT_EQ(response->status, 503U);
        EXPECT_EQ(response->Header("holdfast-outcome"), "overloaded");
        EXPECT_TRUE(third.WaitForClose());
    }
    EXPECT_EQ(first.Ask(Get("/echo")).value().status, 200U);
    first.Close();
    third.Close();
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 1; }));
    HttpClient fourth = Connect();
    EXPECT_EQ(fourth.Ask(Get("/echo")).value().status, 200U);
}

TEST_F(Lifecycle, ADrainClosesIdleConnectionsAndAnswersTheRest) {
    Start(Hold);
    HttpClient idle = Connect();
    HttpClient busy = Connect();
    busy.Send(Get("/echo"));
    ASSERT_TRUE(Eventually(
        [this] { return bus->held() == 1 && Count(Counter::kConnectionsAccepted) == 2; }));
    server->StopAccepting();
    EXPECT_TRUE(idle.WaitForClose());
    ASSERT_TRUE(Eventually([this] { return server->active_connections() == 1; }));
    EXPECT_ANY_THROW(Connect());
    bus->Release(Echo);
    const auto response = busy.Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->Header("connection"), "close");
    EXPECT_TRUE(busy.WaitForClose());
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 0; }));
}

TEST_F(Lifecycle, StoppingCancelsWhatIsSuspended) {
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    server->Stop();
    EXPECT_TRUE(client.WaitForClose());
    EXPECT_TRUE(Eventually([this] { return bus->cancels() == 1; }));
    EXPECT_EQ(server->active_connections(), 0U);
}

TEST_F(Lifecycle, TheAccessLogHasEveryRequestAndIsOffByDefault) {
    struct Log final : gateway::http::Observer {
        void OnAccess(const gateway::AccessRecord& record) override {
            const std::lock_guard<std::mutex> lock(mutex);
            lines.push_back(std::string(record.client) + " " + std::string(record.method) + " " +
                            std::string(record.target) + " " + std::string(record.route) + " " +
                            std::to_string(record.status) + " " +
                            std::string(Name(record.outcome)) + " " +
                            std::to_string(record.request_bytes));
        }
        std::size_t size() {
            const std::lock_guard<std::mutex> lock(mutex);
            return lines.size();
        }
        std::mutex mutex;
        std::vector<std::string> lines;
    } log;
    observer = &log;
    options.access_log = true;
    Start([](const Request& request, Completion& completion) {
        return request.target == "/echo?hold" ? false : Echo(request, completion);
    });
    HttpClient client = Connect();
    client.Ask(Post("/echo", "body"));
    client.Ask(Get("/nowhere"));
    client.Send(Get("/echo?hold"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    client.Close();
    HttpClient other = Connect();
    other.Ask("nonsense\r\n\r\n");
    ASSERT_TRUE(Eventually([&] { return log.size() == 4; }));
    const std::vector<std::string> expected = {
        "127.0.0.1 POST /echo /echo 200 replied 4",
        "127.0.0.1 GET /nowhere  404 rejected 0",
        "127.0.0.1 GET /echo?hold /echo 0 cancelled 0",
        "127.0.0.1    400 rejected 0",
    };
    std::sort(log.lines.begin(), log.lines.end());
    std::vector<std::string> sorted = expected;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(log.lines, sorted);
    server->Stop();
}

TEST_F(Lifecycle, TheWatchdogIsStampedWhileNothingHappens) {
    Start();
    const auto lag = [this] { return server->watchdog(0).Lag(gateway::Clock::now()); };
    for (int stamp = 0; stamp < 3; ++stamp) {
        auto before = lag();
        // Only a stamp lets it fall.
        EXPECT_TRUE(Eventually([&] {
            const auto now = lag();
            return now < std::exchange(before, now);
        }));
    }
}

}  // namespace
}  // namespace holdfast::test
