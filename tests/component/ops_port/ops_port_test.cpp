#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "gateway/ops/health_check.h"
#include "tests/component/ops_port/raw_peer.h"
#include "tests/unit/gateway_ops/fake_gateway.h"

namespace holdfast::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using Json = nlohmann::json;

class OpsPort : public ::testing::Test {
  protected:
    void SetUp() override {
        gateway_.loop_watchdog.Stamp(Clock::now() + 1h);
        gateway_.bus_watchdog.Stamp(Clock::now() + 1h);
        gateway_.StartBus();
        server_.emplace(OpsOptions{.address = "127.0.0.1", .port = 0, .threads = 3},
                        gateway_.Sources());
        server_->Start();
    }

    httplib::Client Client() const {
        httplib::Client client("127.0.0.1", server_->port());
        client.set_read_timeout(20s);
        return client;
    }

    std::string Exchange(std::string_view bytes) const {
        const RawClient client(server_->port());
        client.Send(bytes);
        return client.ReadAll();
    }

    FakeGateway gateway_;
    std::optional<OpsServer> server_;
};

TEST_F(OpsPort, AnswersEveryEndpoint) {
    for (const char* path :
         {"/healthz", "/readyz", "/metrics", "/v1/workers", "/v1/pending", "/v1/config"}) {
        const auto result = Client().Get(path);
        ASSERT_TRUE(result) << path;
        EXPECT_EQ(result->status, 200) << path;
        EXPECT_FALSE(result->body.empty()) << path;
        EXPECT_EQ(result->get_header_value("Connection"), "close") << path;
    }
    const auto workers = Client().Get("/v1/workers");
    EXPECT_EQ(Json::parse(workers->body)["snapshot"]["state"], "fresh");
}

TEST_F(OpsPort, HeadHasTheLengthAndNoBody) {
    const auto head = Client().Head("/v1/config");
    const auto get = Client().Get("/v1/config");
    ASSERT_TRUE(head && get);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->body, "");
    EXPECT_EQ(head->get_header_value("Content-Length"), std::to_string(get->body.size()));
}

TEST_F(OpsPort, DrainIsAcceptedAndIdempotent) {
    for (int i = 0; i < 3; ++i) {
        const auto result = Client().Post("/v1/drain");
        ASSERT_TRUE(result);
        EXPECT_EQ(result->status, 202);
    }
    EXPECT_EQ(gateway_.drains_started, 1);
    EXPECT_EQ(Client().Get("/readyz")->status, 503);
}

TEST_F(OpsPort, ABodyIsNeitherReadNorInTheWayOfTheAnswer) {
    const auto result = Client().Post("/v1/drain", std::string(32 * 1024, 'x'), "text/plain");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 202);
}

TEST_F(OpsPort, UnknownPathIsAProblemAndAWrongMethodNamesTheRightOnes) {
    const auto unknown = Client().Get("/nothing");
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->status, 404);
    EXPECT_EQ(unknown->get_header_value("Content-Type"), "application/problem+json");
    const auto wrong = Client().Delete("/v1/workers");
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->status, 405);
    EXPECT_EQ(wrong->get_header_value("Allow"), "GET, HEAD");
}

TEST_F(OpsPort, HostileBytesAreRefusedAndThePortLivesOn) {
    const std::string long_line(20'000, 'a');
    for (const std::string& bytes : {
             std::string("\r\n\r\n"),
             std::string("GARBAGE\r\n\r\n"),
             std::string("GET /healthz HTTP/9.9\r\n\r\n"),
             "GET /" + long_line + " HTTP/1.1\r\n\r\n",
             "GET /healthz HTTP/1.1\r\nX: " + long_line + "\r\n\r\n",
             std::string(4096, '\0'),
             std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
         }) {
        const std::string answer = Exchange(bytes + "\r\n\r\n");
        EXPECT_THAT(answer, Not(StartsWith("HTTP/1.1 200"))) << bytes.substr(0, 40);
    }
    std::string ranges = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0";
    for (int i = 0; i < 1500; ++i) ranges += ",0-0";
    EXPECT_THAT(Exchange(ranges + "\r\n\r\n"), StartsWith("HTTP/1.1 "));
    EXPECT_EQ(Client().Get("/healthz")->status, 200);
}

TEST_F(OpsPort, HealthAnswersWhileTheBusIsStuckAndManyAskForItsView) {
    ASSERT_EQ(Client().Get("/v1/workers")->status, 200);
    gateway_.bus_answers = false;
    std::vector<RawClient> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.emplace_back(server_->port());
        waiting.back().Send("GET /v1/workers HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    const auto asked = Clock::now();
    ASSERT_EQ(Client().Get("/healthz")->status, 200);
    // Two of the three threads may wait for the bus, a second each; alone they would need four.
    EXPECT_LT(Clock::now() - asked, 10s);
    for (const RawClient& client : waiting) {
        EXPECT_THAT(client.ReadAll(), HasSubstr("\"state\": \"stale\""));
    }
}

TEST_F(OpsPort, ConnectionsBeyondTheQueueAreClosedAndCounted) {
    // These say nothing: three hold the threads, the rest wait.
    std::vector<RawClient> silent;
    for (std::size_t i = 0; i < OpsServer::kMaxQueued + 20; ++i) {
        silent.emplace_back(server_->port());
        ASSERT_TRUE(silent.back().connected());
    }
    EXPECT_EQ(silent.back().ReadAll(), "");
    silent.clear();
    const auto page = Client().Get("/metrics");
    ASSERT_TRUE(page);
    EXPECT_THAT(page->body, Not(HasSubstr("holdfast_ops_connections_refused_total 0\n")));
}

TEST_F(OpsPort, StopEndsConnectionsThatSayNothing) {
    const RawClient silent(server_->port());
    ASSERT_EQ(Client().Get("/healthz")->status, 200);
    server_->Stop();
    EXPECT_EQ(silent.ReadAll(), "");
    EXPECT_FALSE(RawClient(server_->port()).connected());
    server_->Stop();
}

TEST_F(OpsPort, ADrainThatEndsAtOnceIsStillAnswered) {
    OpsSources sources = gateway_.Sources();
    std::optional<OpsServer> draining;
    std::thread end;
    sources.start_drain = [&] {
        end = std::thread([&draining] { draining->Stop(); });
        std::this_thread::sleep_for(100ms);
    };
    draining.emplace(OpsOptions{.address = "127.0.0.1", .port = 0, .threads = 1}, sources);
    draining->Start();
    const RawClient client(draining->port());
    client.Send("POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 202"));
    end.join();
}

TEST_F(OpsPort, ATakenPortIsSaidClearly) {
    OpsServer second({.address = "127.0.0.1", .port = server_->port(), .threads = 1},
                     gateway_.Sources());
    try {
        second.Start();
        FAIL() << "the port is taken";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
        EXPECT_THAT(error.what(),
                    HasSubstr("ops port 127.0.0.1:" + std::to_string(server_->port())));
    }
}

TEST_F(OpsPort, AnAddressThatIsNoneIsSaidClearly) {
    OpsServer wrong({.address = "no such address", .port = 0, .threads = 1}, gateway_.Sources());
    EXPECT_THROW(wrong.Start(), std::system_error);
}

TEST_F(OpsPort, CheckHealthSaysOneLine) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(CheckHealth("0.0.0.0", server_->port()), 0);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(), StartsWith("healthy: 127.0.0.1:"));

    gateway_.bus_watchdog.Stamp(Clock::now() - 1min);
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(CheckHealth("127.0.0.1", server_->port()), 1);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("answers 503"));

    server_->Stop();
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(CheckHealth("127.0.0.1", server_->port()), 1);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("does not answer"));
}

TEST_F(OpsPort, CheckHealthDoesNotWaitForATargetThatSaysNothing) {
    RawServer silent([](int, const std::atomic<bool>& stop) {
        while (!stop) usleep(1000);
    });
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(CheckHealth("127.0.0.1", silent.port()), 1);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("does not answer"));
}

TEST_F(OpsPort, CheckHealthDoesNotWaitForATargetThatNeverEndsItsAnswer) {
    RawServer endless([](int fd, const std::atomic<bool>& stop) {
        const std::string_view line = "HTTP/1.1 200 OK\r\nx-more: ";
        if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0) return;
        // Each byte well within the time of a read.
        while (!stop && send(fd, "a", 1, MSG_NOSIGNAL) == 1) usleep(20'000);
    });
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(CheckHealth("127.0.0.1", endless.port()), 1);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("does not answer"));
}

}  // namespace
}  // namespace holdfast::gateway
