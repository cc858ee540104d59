#include "gateway/ops/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/unit/gateway_ops/fake_gateway.h"

namespace holdfast::gateway::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Json = nlohmann::json;

class Endpoints : public ::testing::Test {
  protected:
    Endpoints() {
        gateway_.loop_watchdog.Stamp(now_);
        gateway_.bus_watchdog.Stamp(now_);
    }

    Answer Ask(std::string_view method, std::string_view path,
               std::string_view host = "localhost:8081", std::string_view origin = "",
               bool on_loopback = true) {
        return Route({method, path, host, origin, on_loopback}, {sources_, reader_, 0, now_});
    }
    Json AskJson(std::string_view path) { return Json::parse(Ask("GET", path).body); }

    FakeGateway gateway_;
    OpsSources sources_ = gateway_.Sources();
    // Nobody answers snapshots here: no call may wait for one.
    SnapshotReader reader_{gateway_.snapshots, 0};
    TimePoint now_{1h};
};

TEST_F(Endpoints, HealthNamesTheLagOfEachLoop) {
    now_ += 40ms;
    const Answer answer = Ask("GET", "/healthz");
    EXPECT_EQ(answer.status, 200);
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["status"], "ok");
    EXPECT_EQ(body["loops"][0], (Json{{"name", "http-0"}, {"lag_ms", 40}, {"ok", true}}));
    EXPECT_EQ(body["loops"][1]["name"], "bus");
}

TEST_F(Endpoints, HealthFailsWhenOneLoopLagsForMoreThanASecond) {
    now_ += 1s;
    gateway_.loop_watchdog.Stamp(now_);
    EXPECT_EQ(Ask("GET", "/healthz").status, 200);
    now_ += 1ms;
    const Answer answer = Ask("GET", "/healthz");
    EXPECT_EQ(answer.status, 503);
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["status"], "stuck");
    EXPECT_EQ(body["loops"][0]["ok"], true);
    EXPECT_EQ(body["loops"][1]["ok"], false);
}

TEST_F(Endpoints, ReadyWhileEveryRequiredServiceHasAWorker) {
    EXPECT_EQ(Ask("GET", "/readyz").status, 200);
    gateway_.has_worker = false;
    const Answer answer = Ask("GET", "/readyz");
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(Json::parse(answer.body)["reasons"],
                ElementsAre("service orders has no live worker"));
}

TEST_F(Endpoints, NotReadyWhileDraining) {
    gateway_.draining = true;
    const Answer answer = Ask("GET", "/readyz");
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(Json::parse(answer.body)["reasons"], ElementsAre("the gateway is draining"));
}

TEST_F(Endpoints, DrainIsStartedOnceHoweverOftenItIsAsked) {
    for (const bool already : {false, true, true}) {
        const Answer answer = Ask("POST", "/v1/drain");
        EXPECT_EQ(answer.status, 202);
        EXPECT_EQ(Json::parse(answer.body)["already_draining"], already);
    }
    EXPECT_EQ(gateway_.drains_started, 1);
}

TEST_F(Endpoints, APageOfAnotherSiteCannotDrain) {
    EXPECT_EQ(Ask("POST", "/v1/drain", "127.0.0.1:8081", "http://evil.example").status, 403);
    EXPECT_EQ(Ask("POST", "/v1/drain", "127.0.0.1:8081", "null").status, 403);
    EXPECT_EQ(gateway_.drains_started, 0);
    EXPECT_EQ(Ask("POST", "/v1/drain", "127.0.0.1:8081", "http://127.0.0.1:8081").status, 202);
}

TEST_F(Endpoints, ASiteWhoseNameLeadsHereIsAnotherSite) {
    const std::string_view name = "evil.example:8081";
    for (const std::string_view path : {"/healthz", "/v1/config", "/v1/pending", "/nothing"}) {
        EXPECT_EQ(Ask("GET", path, name).status, 403) << path;
    }
    EXPECT_EQ(Ask("POST", "/v1/drain", name, "http://evil.example:8081").status, 403);
    // Where the port is open to others, it has a name of its own; pages still cannot post.
    EXPECT_EQ(Ask("GET", "/healthz", name, "", false).status, 200);
    EXPECT_EQ(Ask("POST", "/v1/drain", name, "http://evil.example:8081", false).status, 403);
    EXPECT_EQ(gateway_.drains_started, 0);
    EXPECT_EQ(Ask("POST", "/v1/drain", name, "", false).status, 202);
}

TEST_F(Endpoints, OurOwnNamesAreNoOtherSites) {
    for (const std::string_view host : {"", "localhost", "localhost:8081", "127.0.0.1",
                                        "127.0.0.1:8081", "[::1]", "[::1]:8081"}) {
        EXPECT_EQ(Ask("GET", "/healthz", host).status, 200) << host;
    }
    for (const std::string_view host : {"[", "]", "[]", ":8081", "127.0.0.1.evil.example"}) {
        EXPECT_EQ(Ask("GET", "/healthz", host).status, 403) << host;
    }
}

TEST_F(Endpoints, UnknownPathsAndWrongMethodsAreProblems) {
    const Answer unknown = Ask("GET", "/v1/nothing");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.content_type, kProblemJson);
    EXPECT_EQ(Json::parse(unknown.body)["type"], "urn:holdfast:problem:not-found");

    const Answer post = Ask("POST", "/metrics");
    EXPECT_EQ(post.status, 405);
    EXPECT_EQ(post.allow, "GET, HEAD");
    const Answer get = Ask("GET", "/v1/drain");
    EXPECT_EQ(get.status, 405);
    EXPECT_EQ(get.allow, "POST");
    EXPECT_EQ(gateway_.drains_started, 0);
}

TEST_F(Endpoints, HeadIsAnsweredLikeGet) {
    EXPECT_EQ(Ask("HEAD", "/healthz").status, 200);
}

TEST_F(Endpoints, WhatAnEndpointThrowsBecomes500) {
    sources_.config_text = []() -> std::string { throw std::runtime_error("no text"); };
    const Answer answer = Ask("GET", "/v1/config");
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, HasSubstr("no text"));
}

TEST_F(Endpoints, ViewsSayThatThereIsNoSnapshotYet) {
    const Json workers = AskJson("/v1/workers");
    EXPECT_EQ(workers["snapshot"]["state"], "none");
    EXPECT_TRUE(workers["workers"].empty());
    EXPECT_EQ(AskJson("/v1/pending")["snapshot"]["state"], "none");
    EXPECT_THAT(Ask("GET", "/metrics").body, HasSubstr("holdfast_snapshot_stale 1\n"));
}

TEST_F(Endpoints, ViewsSayThatASnapshotIsStale) {
    auto snapshot = std::make_shared<Snapshot>(gateway_.snapshot);
    snapshot->taken = Clock::now() - 1min;
    gateway_.snapshots.Put(snapshot);
    const Json workers = AskJson("/v1/workers");
    EXPECT_EQ(workers["snapshot"]["state"], "stale");
    EXPECT_GE(workers["snapshot"]["age_ms"], 60'000);
    EXPECT_EQ(workers["workers"][0]["instance"], "worker-a");
    EXPECT_EQ(workers["workers"][0]["credit"], 14);
    EXPECT_EQ(workers["services"][0]["queued"], 5);
}

TEST_F(Endpoints, PendingShowsUseAgainstLimitsAndTheOldest) {
    const auto permit = gateway_.inflight.TryAdmit(300);
    const ReplyCharge charge(gateway_.replies, 77);
    gateway_.loop_counters.Add(Counter::kOutcomeTimedOut, 2);
    gateway_.bus_counters.Add(Counter::kOutcomeTimedOut, 3);
    gateway_.snapshots.Put(std::make_shared<Snapshot>(gateway_.snapshot));
    const Json body = AskJson("/v1/pending");
    EXPECT_EQ(body["requests"], (Json{{"used", 1}, {"limit", 100}}));
    EXPECT_EQ(body["bytes"], (Json{{"used", 300}, {"limit", 1 << 20}}));
    EXPECT_EQ(body["reply_bytes"], (Json{{"used", 77}, {"limit", 1 << 21}}));
    EXPECT_EQ(body["outcomes"]["timed-out"], 5);
    EXPECT_EQ(body["suspended"], 7);
    EXPECT_EQ(body["oldest"][0]["id"], "0000000009000007");
    EXPECT_EQ(body["oldest"][0]["age_ms"], 40);
}

TEST_F(Endpoints, WhatAWorkerSaysOfItselfNeedNotBeUtf8) {
    gateway_.snapshot.workers[0].host = "host\xff\n";
    gateway_.snapshots.Put(std::make_shared<Snapshot>(gateway_.snapshot));
    EXPECT_EQ(AskJson("/v1/workers")["workers"][0]["host"], "host\xEF\xBF\xBD\n");
}

/// The reader's room has no place: whoever asks the workers is sent away at once.
TEST_F(Endpoints, AskingWorkersNeedsAThreadThatMayWait) {
    for (const char* path : {"/v1/services/orders/ping", "/v1/services/orders/describe"}) {
        EXPECT_EQ(Ask("GET", path).status, 503) << path;
        EXPECT_EQ(Ask("POST", path).status, 405) << path;
    }
    for (const char* path : {"/v1/services//ping", "/v1/services/ping", "/v1/services/a/b/ping",
                             "/v1/services/orders/pong", "/v1/services/orders"}) {
        EXPECT_EQ(Ask("GET", path).status, 404) << path;
    }
}

TEST_F(Endpoints, AWorkerUnderASupervisorShowsItsProcess) {
    auto snapshot = std::make_shared<Snapshot>(gateway_.snapshot);
    snapshot->workers.push_back(snapshot->workers[0]);
    snapshot->workers[1].process = {
        .index = 1, .generation = 2, .restarts = 3, .last_crash = "SIGSEGV", .last_crash_age = 5s};
    gateway_.snapshots.Put(snapshot);
    const Json workers = AskJson("/v1/workers")["workers"];
    EXPECT_TRUE(workers[0]["process"].is_null());
    EXPECT_EQ(workers[1]["process"], (Json{{"index", 1},
                                           {"generation", 2},
                                           {"restarts", 3},
                                           {"last_crash", "SIGSEGV"},
                                           {"last_crash_ago_ms", 5000}}));
}

TEST(SnapshotReading, KeepsAThreadFreeWhileTheBusDoesNotAnswer) {
    SnapshotCell cell;
    SnapshotReader reader(cell, 1, 10min);
    std::thread waits([&reader] { EXPECT_FALSE(reader.Read().stale); });
    while (!cell.wanted()) std::this_thread::yield();

    // One waits already: this one takes what there is.
    EXPECT_TRUE(reader.Read().stale);

    auto snapshot = std::make_shared<Snapshot>();
    snapshot->taken = Clock::now() + 1h;
    cell.Put(snapshot);
    waits.join();
}

}  // namespace
}  // namespace holdfast::gateway::ops
