#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/component/ops_port/ctl_process.h"
#include "tests/component/ops_port/raw_peer.h"
#include "tests/unit/gateway_ops/fake_gateway.h"

namespace holdfast::gateway {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using Json = nlohmann::json;

/// The real program against the real ops port.
class Ctl : public ::testing::Test {
  protected:
    void SetUp() override {
        gateway_.loop_watchdog.Stamp(Clock::now() + 1h);
        gateway_.bus_watchdog.Stamp(Clock::now() + 1h);
        gateway_.StartBus();
        server_.emplace(OpsOptions{.address = "127.0.0.1", .port = 0, .threads = 2},
                        gateway_.Sources());
        server_->Start();
        url_ = "http://127.0.0.1:" + std::to_string(server_->port());
    }

    CtlResult Run(const std::string& arguments) const {
        return RunCtl("--ops " + url_ + " " + arguments);
    }

    FakeGateway gateway_;
    std::optional<OpsServer> server_;
    std::string url_;
};

TEST_F(Ctl, StatusShowsEverythingAtAGlance) {
    gateway_.loop_counters.Add(Counter::kOutcomeReplied, 118);
    const auto permit = gateway_.inflight.TryAdmit(2048);
    const CtlResult result = Run("status");
    EXPECT_EQ(result.code, 0) << result.text;
    EXPECT_THAT(result.text, HasSubstr("gateway gateway-test, version 0.1.0, at " + url_));
    EXPECT_THAT(result.text, HasSubstr("health  ok (lag http-0 "));
    EXPECT_THAT(result.text, HasSubstr("ready   ready"));
    EXPECT_THAT(result.text, HasSubstr("requests            1        100     1%"));
    EXPECT_THAT(result.text, HasSubstr("bytes         2.0 KiB    1.0 MiB     0%"));
    EXPECT_THAT(result.text, HasSubstr("replied             118"));
    EXPECT_THAT(result.text, HasSubstr("worker-a  live   orders              2      14"));
    EXPECT_THAT(result.text, Not(HasSubstr("\x1b"))) << "no colours into a pipe";
}

TEST_F(Ctl, ExitCodeOneWhenTheGatewayIsNotReadyOrNotHealthy) {
    gateway_.has_worker = false;
    for (const char* verb : {"status", "health"}) {
        const CtlResult result = Run(verb);
        EXPECT_EQ(result.code, 1) << verb;
        EXPECT_THAT(result.text, HasSubstr("not ready: service orders has no live worker"));
    }
    gateway_.has_worker = true;
    EXPECT_EQ(Run("health").code, 0);
    gateway_.bus_watchdog.Stamp(Clock::now() - 1min);
    const CtlResult stuck = Run("health");
    EXPECT_EQ(stuck.code, 1);
    EXPECT_EQ(stuck.text, "health stuck, ready\n");
}

TEST_F(Ctl, JsonIsForPrograms) {
    const Json status = Json::parse(Run("status --json").text);
    EXPECT_EQ(status["health"]["status"], "ok");
    EXPECT_EQ(status["workers"]["workers"][0]["instance"], "worker-a");
    EXPECT_EQ(Json::parse(Run("--json pending").text)["requests"]["limit"], 100);
    EXPECT_EQ(Json::parse(Run("--json workers").text)["services"][0]["name"], "orders");
    EXPECT_EQ(Json::parse(Run("--json health").text)["ready"]["draining"], false);
}

TEST_F(Ctl, PendingShowsTheOldestRequests) {
    const CtlResult result = Run("pending");
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.text, HasSubstr("0000000009000007  /v1/orders  sent   worker-a        1"));
}

TEST_F(Ctl, StaleViewsAreSaidToBe) {
    EXPECT_THAT(Run("workers").text, Not(HasSubstr("does not answer")));
    gateway_.bus_answers = false;
    const CtlResult result = Run("workers");
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.text, AllOf(HasSubstr("The bus thread does not answer: this is "),
                                   HasSubstr("worker-a")));
}

TEST_F(Ctl, MetricsCanBeLookedUpByAPartOfTheName) {
    gateway_.bus_counters.Add(Counter::kRedispatches, 4);
    EXPECT_EQ(Run("metrics redispatches_total").text, "holdfast_redispatches_total 4\n");
    EXPECT_THAT(Run("metrics").text, HasSubstr("# TYPE holdfast_redispatches_total counter"));
    EXPECT_EQ(Run("metrics no_such_metric").code, 2);
}

TEST_F(Ctl, ConfigIsWhatTheGatewayRunsWith) {
    EXPECT_EQ(Run("config").text, "listen:\n  port: 8080\n");
}

TEST_F(Ctl, PingAndDescribeAskTheWorkersOfAService) {
    EXPECT_EQ(Run("ping orders").code, 1) << "no worker answers";
    gateway_.StopBus();
    Inquiry::Answer answer;
    answer.instance = "worker-a";
    answer.host = "host-a";
    answer.pid = 4711;
    answer.state = Inquiry::State::kAnswered;
    answer.round_trip = 1234us;
    answer.description.plugin = "orders";
    answer.description.plugin_version = "3\x1b";
    answer.description.counters = {{"received", 7}, {"finished", 5}};
    answer.description.settings = {{"capacity", "256"}};
    gateway_.answers = {answer};
    gateway_.StartBus();
    const CtlResult ping = Run("ping orders");
    EXPECT_EQ(ping.code, 0) << ping.text;
    EXPECT_THAT(ping.text, HasSubstr("worker-a      1.2 ms  host-a  4711"));
    const CtlResult described = Run("describe orders");
    EXPECT_EQ(described.code, 0) << described.text;
    EXPECT_THAT(described.text, AllOf(HasSubstr("plugin orders 3?,"), HasSubstr("    received 7\n"),
                                      HasSubstr("    capacity 256\n")));
    EXPECT_EQ(Json::parse(Run("--json ping orders").text)["workers"][0]["round_trip_us"], 1234);
    const CtlResult unknown = Run("describe nothing");
    EXPECT_EQ(unknown.code, 1);
    EXPECT_THAT(unknown.text, HasSubstr("No route and no worker names the service nothing."));
    EXPECT_EQ(Run("ping").code, 2);
    EXPECT_EQ(Run("ping a/b").code, 2);
}

TEST_F(Ctl, AWorkerThatGivesNoAnswerIsShownAndIsExitCodeOne) {
    gateway_.StopBus();
    gateway_.answers = {{.instance = "worker-a", .state = Inquiry::State::kNoAnswer},
                        {.instance = "worker-b", .state = Inquiry::State::kLost}};
    gateway_.StartBus();
    const CtlResult result = Run("describe orders");
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.text, AllOf(HasSubstr("no answer"), HasSubstr("lost")));
}

TEST_F(Ctl, DrainStartsTheDrainOnce) {
    EXPECT_EQ(Run("drain").text, "draining\n");
    EXPECT_EQ(Run("drain").text, "already draining\n");
    EXPECT_EQ(gateway_.drains_started, 1);
}

TEST_F(Ctl, DrainCanWaitForTheEnd) {
    std::thread end([this] {
        while (!gateway_.draining) std::this_thread::sleep_for(1ms);
        server_->Stop();
    });
    const CtlResult result = Run("drain --wait");
    end.join();
    EXPECT_EQ(result.code, 0) << result.text;
    EXPECT_THAT(result.text, EndsWith("drained\n"));
}

TEST_F(Ctl, AnOpsPortThatCannotSayIsNotTheEndOfADrain) {
    // It takes the drain, and then has no time for anything else.
    httplib::Server busy;
    busy.Post("/v1/drain", [](const httplib::Request&, httplib::Response& response) {
        response.status = 202;
        response.set_content("{}", "application/json");
    });
    std::atomic<int> looks = 0;
    busy.Get("/v1/pending", [&looks](const httplib::Request&, httplib::Response& response) {
        ++looks;
        response.status = 503;
        response.set_content("{}", "application/json");
    });
    const int port = busy.bind_to_any_port("127.0.0.1");
    std::thread serve([&busy] { busy.listen_after_bind(); });
    const CtlResult result =
        RunCtl("--ops http://127.0.0.1:" + std::to_string(port) + " drain --wait --wait-timeout 1");
    busy.stop();
    serve.join();
    EXPECT_EQ(result.code, 1) << result.text;
    EXPECT_THAT(result.text, HasSubstr("still drains after 1 s"));
    EXPECT_GT(looks, 1);
}

TEST_F(Ctl, DrainThatTakesTooLongIsSaid) {
    const CtlResult result = Run("drain --wait --wait-timeout 1");
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.text, HasSubstr("still drains after 1 s"));
}

TEST(CtlKeygen, AFolderThatCannotBeReachedIsOneLine) {
    const CtlResult result = RunCtl("keygen w --dir /" + std::string(5000, 'x'));
    EXPECT_EQ(result.code, 2) << result.text;
    EXPECT_THAT(result.text, HasSubstr("File name too long"));
}

TEST_F(Ctl, WatchShowsTheStatusAgainAndAgain) {
    const CtlResult result = Run("status --watch 0.1 --times 3");
    EXPECT_EQ(result.code, 0);
    std::size_t shown = 0;
    for (std::size_t at = 0; (at = result.text.find("health  ok", at)) != std::string::npos; ++at) {
        ++shown;
    }
    EXPECT_EQ(shown, 3U);
}

TEST_F(Ctl, TheEnvironmentNamesTheOpsPort) {
    setenv("HOLDFAST_OPS_URL", url_.c_str(), 1);
    EXPECT_EQ(RunCtl("health").code, 0);
    unsetenv("HOLDFAST_OPS_URL");
}

TEST_F(Ctl, WhatAWorkerCallsItselfCannotSteerTheTerminal) {
    gateway_.bus_answers = false;
    auto snapshot = std::make_shared<Snapshot>(gateway_.snapshot);
    snapshot->taken = Clock::now() + 1h;
    snapshot->workers[0].instance = "evil\x1b[2Jname\nline";
    gateway_.snapshots.Put(snapshot);
    EXPECT_THAT(Run("workers").text, AllOf(HasSubstr("evil?[2Jname?line"), Not(HasSubstr("\x1b"))));
}

TEST(CtlUsage, WrongUsageEndsWithTwo) {
    EXPECT_EQ(RunCtl("").code, 2);
    EXPECT_EQ(RunCtl("no-such-verb").code, 2);
    EXPECT_EQ(RunCtl("status --watch never").code, 2);
    for (const char* url : {"ftp://x:1", "http://", "http://x:port", "http://x:70000", "x:8081"}) {
        const CtlResult result = RunCtl(std::string("--ops ") + url + " health");
        EXPECT_EQ(result.code, 2) << url;
        EXPECT_THAT(result.text, HasSubstr("not an ops URL")) << url;
    }
    EXPECT_EQ(RunCtl("--help").code, 0);
    EXPECT_EQ(RunCtl("--version").code, 0);
}

TEST(CtlTargets, NothingThereEndsWithThree) {
    std::uint16_t port = 0;
    {
        port = RawServer([](int, const std::atomic<bool>&) {}).port();
    }
    const CtlResult result = RunCtl("--ops http://127.0.0.1:" + std::to_string(port) + " status");
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.text, HasSubstr("nothing answers at http://127.0.0.1:"));
}

TEST(CtlTargets, GarbageEndsWithThree) {
    for (const char* garbage :
         {"", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
          "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{"}) {
        RawServer server([garbage](int fd, const std::atomic<bool>&) {
            char request[1024];
            if (recv(fd, request, sizeof request, 0) <= 0) return;
            send(fd, garbage, std::char_traits<char>::length(garbage), MSG_NOSIGNAL);
        });
        for (const char* verb : {"status", "workers", "metrics", "drain"}) {
            const CtlResult result = RunCtl("--ops " + server.url() + " " + verb);
            EXPECT_EQ(result.code, 3) << verb << ": " << garbage << " -> " << result.text;
            EXPECT_EQ(std::count(result.text.begin(), result.text.end(), '\n'), 1) << result.text;
        }
    }
}

TEST(CtlTargets, JsonOfAnotherShapeIsPrintedAsWhatItLacks) {
    constexpr std::string_view kBody =
        R"({"workers":[1,"x",{}],"services":"none","loops":{"a":1}})";
    RawServer server([kBody](int fd, const std::atomic<bool>&) {
        char request[1024];
        if (recv(fd, request, sizeof request, 0) <= 0) return;
        const std::string answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                                   std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody);
        send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    });
    for (const char* verb : {"status", "workers", "pending", "health"}) {
        EXPECT_EQ(RunCtl("--ops " + server.url() + " " + verb).code, 0) << verb;
    }
}

TEST(CtlTargets, ATargetThatSaysNothingEndsWithThree) {
    RawServer server([](int, const std::atomic<bool>& stop) {
        while (!stop) usleep(1000);
    });
    const CtlResult result = RunCtl("--timeout-ms 200 --ops " + server.url() + " status");
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.text, HasSubstr("within 200 ms"));
}

TEST(CtlTargets, ATargetThatDripsEndsWithThree) {
    RawServer server([](int fd, const std::atomic<bool>& stop) {
        send(fd, "HTTP/1.1 200 OK\r\nX: ", 20, MSG_NOSIGNAL);
        while (!stop && send(fd, "a", 1, MSG_NOSIGNAL) == 1) usleep(20'000);
    });
    const CtlResult result = RunCtl("--timeout-ms 300 --ops " + server.url() + " health");
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.text, HasSubstr("within 300 ms"));
}

}  // namespace
}  // namespace holdfast::gateway
