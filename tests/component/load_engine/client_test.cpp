// How the engine's HTTP client speaks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/component/load_engine/engine_run.h"

namespace holdfast::load {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

std::string WhyNot(const std::string& url) {
    const Flow flow = OneGet();
    EngineOptions options = OpenLoad(url, 1, seconds(1));
    try {
        Engine(flow, options).Probe();
    } catch (const TargetError& error) {
        return error.what();
    }
    return "accepted";
}

Measured RunWith(const ScriptedServer::Script& script, Plan::Step step, unsigned count = 10) {
    ScriptedServer server(script);
    return RunEngine(FakeFlow({std::move(step)}), OpenLoad(server.Url(), count, milliseconds(200)));
}

TEST(ClientTest, AnswersInPiecesAreJoined) {
    const Measured measured = RunWith(
        [](const Asked&) {
            return Reply{.bytes =
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "4\r\nload\r\n7\r\n-test-x\r\n0\r\n\r\n",
                         .piece = 5,
                         .pause = milliseconds(2)};
        },
        FakeStep("GET", "/"));
    EXPECT_EQ(measured.Text(), "good 10");
}

TEST(ClientTest, LargeBodiesGoBothWays) {
    const std::string large(3'000'000, 'x');
    ScriptedServer server([&](const Asked& asked) {
        EXPECT_EQ(asked.body.size(), large.size());
        return Reply{.bytes = HttpAnswer(asked.body)};
    });
    const Measured measured = RunEngine(FakeFlow({FakeStep("POST", "/", {}, large)}),
                                        OpenLoad(server.Url(), 5, seconds(1)));
    EXPECT_EQ(measured.Text(), "good 5");
    EXPECT_GT(measured.step().bytes_in, 5 * large.size());
    EXPECT_GT(measured.step().bytes_out, 5 * large.size());
}

TEST(ClientTest, AnAnswerToHeadHasNoBody) {
    const Measured measured = RunWith(
        [](const Asked&) {
            return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"};
        },
        FakeStep("HEAD", "/"));
    EXPECT_EQ(measured.Text(), "good 10");
}

TEST(ClientTest, ABodyMayEndWithItsConnection) {
    const Measured measured = RunWith(
        [](const Asked&) {
            return Reply{.bytes = "HTTP/1.1 200 OK\r\n\r\nto the end", .then = Reply::Then::kClose};
        },
        FakeStep("GET", "/"));
    EXPECT_EQ(measured.Text(), "good 10");
    EXPECT_EQ(measured.all.connects, 10U);
}

TEST(ClientTest, AConnectionThatTheServerWantsToEndIsNotUsedAgain) {
    // It says so, and leaves the closing to the client.
    const Measured measured = RunWith(
        [](const Asked&) {
            return Reply{.bytes = HttpAnswer("ok", "200 OK", "Connection: close\r\n")};
        },
        FakeStep("GET", "/"));
    EXPECT_EQ(measured.Text(), "good 10");
    EXPECT_EQ(measured.all.connects, 10U);
}

TEST(ClientTest, WithoutKeepAliveEachRequestHasAConnection) {
    ScriptedServer server([](const Asked& asked) { return Reply{.bytes = Echo(asked)}; });
    EngineOptions options = OpenLoad(server.Url(), 10, milliseconds(200));
    options.keep_alive = false;
    EXPECT_EQ(RunEngine(OneGet(), options).Text(), "good 10");
    EXPECT_EQ(server.connections(), 10U);
}

TEST(ClientTest, AnEarlyAnswerToAnUnfinishedRequestIsHeard) {
    Plan::Step step = FakeStep("POST", "/", {}, std::string(2000, 'x'));
    step.request.send_rate = 1000;
    // The server answers as soon as it has the head.
    step.request.bytes.replace(step.request.bytes.find("Content-Length"), 14, "Content-Xength");
    ScriptedServer server([](const Asked&) {
        return Reply{.bytes = HttpAnswer("", "413 Too Large"), .then = Reply::Then::kClose};
    });
    const Measured measured =
        RunEngine(FakeFlow({step}), OpenLoad(server.Url(), 1, milliseconds(100)));
    EXPECT_EQ(measured.Text(), "status 1");
    EXPECT_EQ(measured.step().statuses.at(413), 1U);
}

TEST(ClientTest, ASlowSenderTakesItsTime) {
    Plan::Step step = FakeStep("POST", "/", {}, std::string(400, 'x'));
    step.request.send_rate = 1000;
    const Measured measured =
        RunWith([](const Asked&) { return Reply{.bytes = HttpAnswer("ok")}; }, step, 2);
    EXPECT_EQ(measured.Text(), "good 2");
    // About 450 bytes: the first portion at once, the last after nearly 450 ms.
    EXPECT_GE(measured.step().service_time.min(), milliseconds(350));
}

TEST(ClientTest, ASlowReaderTakesItsTime) {
    Plan::Step step = FakeStep("GET", "/");
    step.request.receive_rate = 20'000;
    const Measured measured = RunWith(
        [](const Asked&) { return Reply{.bytes = HttpAnswer(std::string(8000, 'x'))}; }, step, 2);
    EXPECT_EQ(measured.Text(), "good 2");
    EXPECT_GE(measured.step().service_time.min(), milliseconds(300));
}

TEST(ClientTest, AClientThatLeavesIsNeitherAnsweredNorAnError) {
    Plan::Step step = FakeStep("GET", "/");
    step.request.abandon_after = milliseconds(50);
    ScriptedServer server([](const Asked&) { return Reply{}; });
    const Measured measured =
        RunEngine(FakeFlow({step}), OpenLoad(server.Url(), 5, milliseconds(100)));
    EXPECT_EQ(measured.Text(), "good 5");
    EXPECT_EQ(measured.step().answered, 0U);
    EXPECT_EQ(measured.step().latency.count(), 0U);
}

TEST(ClientTest, WithoutChecksOnlyTheStatusCounts) {
    ScriptedServer server([](const Asked& asked) {
        return Reply{.bytes = asked.number % 2 == 0 ? HttpAnswer("another's")
                                                    : HttpAnswer("", "400 Bad")};
    });
    EngineOptions options = OpenLoad(server.Url(), 10, milliseconds(100));
    options.checks = false;
    EXPECT_EQ(RunEngine(OneGet(), options).Text(), "good 5, status 5");
}

TEST(ClientTest, ATargetThatIsNotThereIsNamedWithWhatToDo) {
    ScriptedServer server([](const Asked&) { return Reply{}; });
    EXPECT_EQ(WhyNot(server.Url()), "accepted");
    EXPECT_EQ(server.requests(), 0U);
    server.Stop();
    EXPECT_THAT(WhyNot(server.Url()), HasSubstr("Connection refused"));
    EXPECT_THAT(WhyNot(server.Url()), HasSubstr("is the target running"));
    EXPECT_THAT(WhyNot("http://no-such-host.invalid"), HasSubstr("no address for"));
}

TEST(ClientTest, ANameWithSeveralAddressesUsesTheOneThatListens) {
    // localhost is ::1 first on many machines, and only 127.0.0.1 listens.
    ScriptedServer server([](const Asked& asked) { return Reply{.bytes = Echo(asked)}; });
    const std::string url = "http://localhost:" + std::to_string(server.port());
    EXPECT_EQ(WhyNot(url), "accepted");
}

}  // namespace
}  // namespace holdfast::load
