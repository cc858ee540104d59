// What the server does wrong, and what the engine says of it: exactly that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/component/load_engine/engine_run.h"

namespace holdfast::load {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// Every tenth request is answered by `fault`, the others as they should be.
ScriptedServer::Script EveryTenth(std::function<Reply(const Asked&)> fault) {
    return [fault = std::move(fault)](const Asked& asked) {
        return asked.number % 10 == 3 ? fault(asked) : Reply{.bytes = Echo(asked)};
    };
}

Measured RunAgainst(const ScriptedServer::Script& script, Duration timeout = milliseconds(20'000),
                    unsigned connections = 8) {
    ScriptedServer server(script);
    return RunEngine(OneGet(timeout), OpenLoad(server.Url(), 100, milliseconds(400), connections));
}

TEST(FaultTest, AGoodServerHasNoErrors) {
    const Measured measured =
        RunAgainst([](const Asked& asked) { return Reply{.bytes = Echo(asked)}; });
    EXPECT_EQ(measured.Text(), "good 100");
    EXPECT_EQ(measured.step().sent, 100U);
    EXPECT_EQ(measured.step().answered, 100U);
    EXPECT_EQ(measured.step().statuses.at(200), 100U);
    EXPECT_TRUE(measured.all.notes.empty());
}

TEST(FaultTest, AnAnswerThatIsCutOffIsADisconnection) {
    const Measured measured = RunAgainst(EveryTenth([](const Asked& asked) {
        const std::string answer = Echo(asked);
        return Reply{.bytes = answer.substr(0, answer.size() - 1), .then = Reply::Then::kClose};
    }));
    EXPECT_EQ(measured.Text(), "good 90, disconnected 10");
    EXPECT_EQ(measured.step().answered, 90U);
    EXPECT_THAT(measured.all.notes, Contains(HasSubstr("the connection ended within the answer")));
}

TEST(FaultTest, AConnectionThatEndsInsteadOfAnAnswerIsADisconnection) {
    const Measured closed =
        RunAgainst(EveryTenth([](const Asked&) { return Reply{.then = Reply::Then::kClose}; }));
    EXPECT_EQ(closed.Text(), "good 90, disconnected 10");
    const Measured reset =
        RunAgainst(EveryTenth([](const Asked&) { return Reply{.then = Reply::Then::kReset}; }));
    EXPECT_EQ(reset.Text(), "good 90, disconnected 10");
}

TEST(FaultTest, ASecondAnswerToOneRequestIsMalformed) {
    const Measured measured = RunAgainst(
        EveryTenth([](const Asked& asked) { return Reply{.bytes = Echo(asked) + Echo(asked)}; }));
    EXPECT_EQ(measured.Text(), "good 90, malformed 10");
    EXPECT_THAT(measured.all.notes, Contains(HasSubstr("more bytes than one answer")));
}

TEST(FaultTest, ASecondAnswerThatComesLaterIsOneMoreAnswerAndMalformed) {
    // One at a time, each connection idle when the double comes.
    ScriptedServer server([](const Asked& asked) {
        Reply reply{.bytes = Echo(asked), .pause = milliseconds(20)};
        if (asked.number == 1) reply.afterwards = Echo(asked);
        return reply;
    });
    const Measured measured =
        RunEngine(OneGet(), OpenLoad(server.Url(), 4, std::chrono::seconds(2), 1));
    EXPECT_EQ(measured.Text(), "good 4, malformed 1");
    EXPECT_EQ(measured.step().sent, 4U);
    EXPECT_EQ(measured.step().answered, 5U);
}

TEST(FaultTest, AnothersAnswerIsCrossed) {
    const Measured measured = RunAgainst(
        EveryTenth([](const Asked&) { return Reply{.bytes = HttpAnswer("load-test-4711")}; }));
    EXPECT_EQ(measured.Text(), "good 90, crossed 10");
    EXPECT_EQ(measured.step().answered, 100U);
}

TEST(FaultTest, WhatIsNotHttpIsMalformed) {
    const Measured measured =
        RunAgainst(EveryTenth([](const Asked&) { return Reply{.bytes = "220 mail.example"}; }));
    EXPECT_EQ(measured.Text(), "good 90, malformed 10");
}

TEST(FaultTest, AnAnswerThatNeverComesIsATimeout) {
    const Measured measured =
        RunAgainst(EveryTenth([](const Asked&) { return Reply{}; }), milliseconds(1000), 20);
    EXPECT_EQ(measured.Text(), "good 90, timeout 10");
    EXPECT_GE(measured.step().latency.max(), milliseconds(1000));
    EXPECT_LT(measured.step().good_latency.max(), milliseconds(1000));
}

TEST(FaultTest, AnAnswerThatStopsHalfWayIsATimeout) {
    const Measured measured = RunAgainst(
        EveryTenth([](const Asked& asked) { return Reply{.bytes = Echo(asked).substr(0, 30)}; }),
        milliseconds(1000), 20);
    EXPECT_EQ(measured.Text(), "good 90, timeout 10");
    EXPECT_THAT(measured.all.notes, Contains(HasSubstr("no whole answer in time")));
}

TEST(FaultTest, AnUnexpectedStatusIsSaid) {
    const Measured measured = RunAgainst(EveryTenth([](const Asked&) {
        return Reply{.bytes = HttpAnswer("", "503 Busy", "Holdfast-Outcome: overloaded\r\n")};
    }));
    EXPECT_EQ(measured.Text(), "good 90, status 10");
    EXPECT_EQ(measured.step().outcomes.at("overloaded"), 10U);
    EXPECT_EQ(measured.step().statuses.at(503), 10U);
}

TEST(FaultTest, NothingThatListensIsAConnectErrorForEachRequest) {
    ScriptedServer server([](const Asked&) { return Reply{}; });
    server.Stop();
    const Measured measured =
        RunEngine(OneGet(), OpenLoad(server.Url(), 200, milliseconds(500), 4));
    EXPECT_EQ(measured.Text(), "connect 200");
    EXPECT_EQ(measured.step().sent, 0U);
    EXPECT_THAT(measured.all.notes, Contains(HasSubstr("Connection refused")));
}

TEST(FaultTest, UsersOfAClosedLoopBackOffFromADeadTarget) {
    ScriptedServer server([](const Asked&) { return Reply{}; });
    server.Stop();
    const Measured measured = RunEngine(OneGet(), ClosedLoad(server.Url(), 3, milliseconds(500)));
    // 20, 40, 80, ... ms between attempts; it does not spin.
    EXPECT_GE(measured.errors(ErrorKind::kConnect), 3U);
    EXPECT_LE(measured.errors(ErrorKind::kConnect), 30U);
    EXPECT_EQ(measured.counted(), measured.errors(ErrorKind::kConnect));
}

TEST(FaultTest, AServerThatComesBackIsUsedAgain) {
    ScriptedServer server([](const Asked& asked) { return Reply{.bytes = Echo(asked)}; });
    EngineOptions options = OpenLoad(server.Url(), 300, milliseconds(1500), 4);
    std::jthread trouble([&server] {
        std::this_thread::sleep_for(milliseconds(300));
        server.Stop();
        std::this_thread::sleep_for(milliseconds(300));
        server.Start();
    });
    const Measured measured = RunEngine(OneGet(), options);
    trouble.join();
    EXPECT_EQ(measured.counted(), 300U);
    EXPECT_EQ(measured.good() + measured.errors(ErrorKind::kConnect) +
                  measured.errors(ErrorKind::kDisconnected),
              300U)
        << measured.Text();
    EXPECT_GE(measured.errors(ErrorKind::kConnect), 1U) << measured.Text();
    EXPECT_GE(measured.good(), 100U) << measured.Text();
}

TEST(FaultTest, AKeptConnectionThatTheServerClosesWhileIdleIsNoError) {
    // One at a time; every answer's connection is closed, unannounced, right after it.
    ScriptedServer server([](const Asked& asked) {
        return Reply{.bytes = Echo(asked), .then = Reply::Then::kClose};
    });
    const Measured measured =
        RunEngine(OneGet(), OpenLoad(server.Url(), 5, std::chrono::seconds(1), 2));
    EXPECT_EQ(measured.Text(), "good 5");
    EXPECT_EQ(server.connections(), 5U);
    EXPECT_EQ(measured.all.connects, 5U);
}

}  // namespace
}  // namespace holdfast::load
