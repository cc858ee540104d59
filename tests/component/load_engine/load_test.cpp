// When requests are sent, what waits, and how a run ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "tests/component/load_engine/engine_run.h"

namespace holdfast::load {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;

ScriptedServer::Script Good() {
    return [](const Asked& asked) { return Reply{.bytes = Echo(asked)}; };
}

/// The most requests that were in the server at once.
class Concurrency {
  public:
    Reply Hold(const Asked& asked, milliseconds time) {
        const int now = ++present_;
        int most = most_;
        while (now > most && !most_.compare_exchange_weak(most, now)) {
        }
        std::this_thread::sleep_for(time);
        --present_;
        return {.bytes = Echo(asked)};
    }
    int most() const { return most_; }

  private:
    std::atomic<int> present_{0};
    std::atomic<int> most_{0};
};

TEST(LoadTest, AStallIsPaidByAllThatWerePlannedMeanwhile) {
    ScriptedServer server([](const Asked& asked) {
        return Reply{.delay = milliseconds(asked.number == 0 ? 500 : 0), .bytes = Echo(asked)};
    });
    const Measured measured =
        RunEngine(OneGet(), OpenLoad(server.Url(), 100, milliseconds(500), 1));
    EXPECT_EQ(measured.Text(), "good 100");
    // Planned every 5 ms, all behind the first: half of them had waited for 250 ms or more.
    EXPECT_GE(measured.step().latency.At(0.5), milliseconds(240));
    EXPECT_GE(measured.step().blocked.At(0.5), milliseconds(240));
    // What a closed loop would have reported.
    EXPECT_LT(measured.step().service_time.At(0.5), milliseconds(240));
}

TEST(LoadTest, ConnectionsAreOpenedAsNeededUpToTheirNumber) {
    Concurrency concurrency;
    ScriptedServer server(
        [&](const Asked& asked) { return concurrency.Hold(asked, milliseconds(50)); });
    const Measured measured =
        RunEngine(OneGet(), OpenLoad(server.Url(), 100, milliseconds(300), 3));
    EXPECT_EQ(measured.Text(), "good 100");
    EXPECT_EQ(server.connections(), 3U);
    EXPECT_EQ(concurrency.most(), 3);
    EXPECT_EQ(measured.all.connects, 3U);

    ScriptedServer quick(Good());
    RunEngine(OneGet(), OpenLoad(quick.Url(), 10, milliseconds(500), 50));
    EXPECT_LT(quick.connections(), 10U);
}

TEST(LoadTest, EachSecondHasItsIntervalAnEmptyOneToo) {
    ScriptedServer server(Good());
    EngineOptions options = OpenLoad(server.Url(), 1, seconds(1));
    options.load.stages = {
        {2, 2, milliseconds(500)}, {0, 0, seconds(2)}, {2, 2, milliseconds(500)}};
    const Measured measured = RunEngine(OneGet(), options);
    EXPECT_EQ(measured.Text(), "good 2");
    ASSERT_GE(measured.intervals.size(), 4U);
    for (std::size_t i = 0; i < measured.intervals.size(); ++i) {
        EXPECT_EQ(measured.intervals[i].second, i);
    }
    EXPECT_EQ(measured.intervals[0].steps[0].sent, 1U);
    EXPECT_EQ(measured.intervals[1].steps[0].sent, 0U);
    EXPECT_EQ(measured.intervals[0].connections, 1U);
    EXPECT_EQ(measured.all.slip.count(), 2U);
    // The first waited for its connection, the second had one: being woken late is not waiting.
    EXPECT_GT(measured.step().blocked.max(), Duration::zero());
    EXPECT_EQ(measured.step().blocked.min(), Duration::zero());
}

TEST(LoadTest, UsersOfAClosedLoopAreOneRequestEach) {
    Concurrency concurrency;
    std::mutex mutex;
    std::set<std::string> marks;
    ScriptedServer server([&](const Asked& asked) {
        {
            const std::lock_guard lock(mutex);
            EXPECT_TRUE(marks.insert(asked.head).second) << "a mark came twice";
        }
        return concurrency.Hold(asked, milliseconds(5));
    });
    const Measured measured = RunEngine(OneGet(), ClosedLoad(server.Url(), 5, milliseconds(400)));
    EXPECT_EQ(measured.Text(), "good " + std::to_string(server.requests()));
    EXPECT_EQ(concurrency.most(), 5);
    EXPECT_EQ(server.connections(), 5U);
    EXPECT_GT(server.requests(), 10U);
    EXPECT_EQ(measured.all.slip.count(), 0U) << "nothing was planned";
}

TEST(LoadTest, UsersShareConnectionsInTurn) {
    std::mutex mutex;
    std::set<std::string> users;
    ScriptedServer server([&](const Asked& asked) {
        const std::lock_guard lock(mutex);
        users.insert(asked.head);
        return Reply{.delay = milliseconds(5), .bytes = Echo(asked)};
    });
    EngineOptions options = ClosedLoad(server.Url(), 6, milliseconds(400));
    options.load.connections = 2;
    const Measured measured = RunEngine(OneGet(), options);
    EXPECT_EQ(measured.counted(), measured.good());
    EXPECT_EQ(server.connections(), 2U);
    EXPECT_EQ(users.size(), server.requests());
    // Each of the six was served: the first six journeys are among those that came.
    EXPECT_GT(users.size(), 6U);
    EXPECT_GE(measured.step().blocked.max(), milliseconds(5));
}

TEST(LoadTest, WhatNeverGotAConnectionIsUnsent) {
    ScriptedServer server([](const Asked&) { return Reply{}; });
    EngineOptions options = OpenLoad(server.Url(), 50, milliseconds(200), 1);
    options.drain = milliseconds(300);
    const Measured measured = RunEngine(OneGet(), options);
    EXPECT_EQ(measured.Text(), "timeout 1, unsent 49");
    EXPECT_EQ(measured.step().sent, 1U);
    EXPECT_THAT(measured.all.notes, Contains(HasSubstr("before the run ended")));
}

TEST(LoadTest, StopEndsARunEarlyButHearsWhatWasSent) {
    ScriptedServer server(
        [](const Asked& asked) { return Reply{.delay = milliseconds(300), .bytes = Echo(asked)}; });
    EngineOptions options = OpenLoad(server.Url(), 100'000, seconds(1000), 200);
    options.start = Clock::now();
    std::uint64_t sent = 0;
    std::uint64_t good = 0;
    options.on_interval = [&](const Interval& interval) {
        sent += interval.steps[0].sent;
        good += interval.steps[0].errors[0];
    };
    const Flow flow = OneGet();
    Engine engine(flow, options);
    std::jthread stopper([&engine, &server] {
        while (server.requests() < 5) std::this_thread::sleep_for(milliseconds(1));
        engine.Stop();
    });
    engine.Run();
    EXPECT_GE(sent, 5U);
    EXPECT_EQ(good, sent);
}

TEST(LoadTest, StopBeforeTheRunEndsItAtOnce) {
    ScriptedServer server(Good());
    EngineOptions options = OpenLoad(server.Url(), 1000, seconds(1000));
    options.start = Clock::now() + seconds(500);
    const Flow flow = OneGet();
    Engine engine(flow, options);
    engine.Stop();
    engine.Run();
    EXPECT_EQ(server.requests(), 0U);
}

TEST(LoadTest, StepsFollowEachOtherWithTheirPauses) {
    ScriptedServer server([](const Asked&) { return Reply{.bytes = HttpAnswer("ok")}; });
    Plan::Step second = FakeStep("GET", "/second");
    second.pause = milliseconds(100);
    const Flow flow = FakeFlow({FakeStep("POST", "/first", {}, "body"), second});
    const Measured measured = RunEngine(flow, OpenLoad(server.Url(), 10, milliseconds(100), 20));
    EXPECT_EQ(measured.Text(0), "good 10");
    EXPECT_EQ(measured.Text(1), "good 10");
    // A pause is no waiting: the second's planned time is its end.
    EXPECT_LT(measured.step(1).latency.At(0.5), milliseconds(100));
    // A user in a pause holds no connection.
    EXPECT_LT(server.connections(), 10U);
}

TEST(LoadTest, AJourneyEndsWithItsFirstFailureUnlessTheStepGoesOn) {
    ScriptedServer server([](const Asked& asked) {
        const bool first = asked.head.find("/first") != std::string::npos;
        return Reply{.bytes = HttpAnswer("", first ? "500 No" : "200 OK")};
    });
    Plan::Step first = FakeStep("GET", "/first");
    const Flow stops = FakeFlow({first, FakeStep("GET", "/second")});
    EXPECT_EQ(RunEngine(stops, OpenLoad(server.Url(), 10, milliseconds(100))).Text(1), "");
    first.goes_on = true;
    const Flow goes_on = FakeFlow({first, FakeStep("GET", "/second")});
    const Measured measured = RunEngine(goes_on, OpenLoad(server.Url(), 10, milliseconds(100)));
    EXPECT_EQ(measured.Text(0), "status 10");
    EXPECT_EQ(measured.Text(1), "good 10");
}

TEST(LoadTest, AFeederThatRunsOutEndsTheRun) {
    ScriptedServer server(Good());
    Flow flow = OneGet();
    auto plan = std::make_shared<Plan>(*flow.plan);
    plan->journeys = 5;
    flow.plan = plan;
    for (const bool closed : {false, true}) {
        const Measured measured =
            RunEngine(flow, closed ? ClosedLoad(server.Url(), 2, seconds(1000))
                                   : OpenLoad(server.Url(), 100'000, seconds(1000)));
        EXPECT_EQ(measured.good(), 5U);
        EXPECT_THAT(measured.all.notes, Contains(HasSubstr("a feeder ran out")));
    }
}

TEST(LoadTest, TraceSendsOneUserOnce) {
    ScriptedServer server(Good());
    EngineOptions options = OpenLoad(server.Url(), 1000, seconds(1000));
    std::string seen;
    options.trace = [&](std::string_view direction, std::string_view bytes) {
        seen.append(direction).append(" ").append(bytes).append("\n");
    };
    const Measured measured = RunEngine(OneGet(), options);
    EXPECT_EQ(measured.Text(), "good 1");
    EXPECT_THAT(seen, HasSubstr("> GET /load-test-0 HTTP/1.1\r\n"));
    EXPECT_THAT(seen, HasSubstr("< HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nload-test-0"));
}

TEST(LoadTest, TheLedgerHearsOfEveryRequest) {
    struct Entries final : Ledger {
        void Record(const LedgerEntry& entry) override {
            ++count;
            journeys.insert(entry.journey);
            if (entry.error == ErrorKind::kTimeout) {
                ++timeouts;
                EXPECT_EQ(entry.status, 0);
            } else {
                EXPECT_EQ(entry.status, 200);
                EXPECT_EQ(entry.body, entry.mark);
                EXPECT_EQ(entry.request_body, "{}");
            }
            EXPECT_LE(entry.planned, entry.ended);
        }
        int count = 0;
        int timeouts = 0;
        std::set<std::uint64_t> journeys;
    };
    ScriptedServer server([](const Asked& asked) {
        return Reply{.bytes = asked.number == 3 ? std::string() : Echo(asked)};
    });
    Plan::Step step = FakeStep("POST", "/%MARK%", {}, "{}");
    step.request.mark = "%MARK%";
    step.request.timeout = milliseconds(1000);
    Entries entries;
    EngineOptions options = OpenLoad(server.Url(), 20, milliseconds(100));
    options.ledger = &entries;
    const Measured measured = RunEngine(FakeFlow({step}), options);
    EXPECT_EQ(entries.count, 20);
    EXPECT_EQ(entries.timeouts, 1);
    EXPECT_EQ(entries.journeys.size(), 20U);
}

TEST(LoadTest, MoreConnectionsThanDescriptorsIsSaidAtTheStart) {
    const Flow flow = OneGet();
    EngineOptions options =
        OpenLoad("http://127.0.0.1:9", 1, seconds(1), std::numeric_limits<std::uint32_t>::max());
    try {
        // Too many to make room for, so the limit must be looked at first.
        Engine engine(flow, options);
        FAIL() << "accepted";
    } catch (const LimitError& error) {
        EXPECT_THAT(error.what(), HasSubstr("--processes"));
    }
}

}  // namespace
}  // namespace holdfast::load
