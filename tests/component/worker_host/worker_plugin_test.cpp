#include <gmock/gmock.h>

#include "tests/component/worker_host/worker_process.h"

namespace holdfast::test {
namespace {

class WorkerPlugin : public WorkerProcess {};

TEST_F(WorkerPlugin, BadRepliesAreFailuresAndTheWorkerLives) {
    Start();
    for (const char* command : {"throw", "fail", "header-crlf", "header-name", "bad-status",
                                "body-204", "content-length", "hop-by-hop", "bytes 1048577"}) {
        const auto reply = gateway.ReplyTo(gateway.Ask(command));
        ASSERT_TRUE(reply) << command;
        EXPECT_EQ(reply->kind(), wire::Reply::FAILED) << command;
        EXPECT_FALSE(reply->detail().empty()) << command;
        EXPECT_TRUE(reply->body().empty()) << command;
    }
    EXPECT_EQ(gateway.ReplyTo(gateway.Ask("bytes 1000000")).value().body().size(), 1'000'000U);
}

TEST_F(WorkerPlugin, ARefusalSaysThatNothingWasDone) {
    Start();
    const auto reply = gateway.ReplyTo(gateway.Ask("not-processed"));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->kind(), wire::Reply::NOT_PROCESSED);
}

TEST_F(WorkerPlugin, ASecondAnswerIsDroppedAndLogged) {
    Start();
    const auto reply = gateway.ReplyTo(gateway.Ask("twice"));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body(), "first");
    EXPECT_TRUE(WaitLogged("the second answer was refused"));
    EXPECT_TRUE(WaitLogged("answered twice"));
    ASSERT_TRUE(gateway.ReplyTo(gateway.Ask("echo")));
    EXPECT_EQ(gateway.replies.size(), 2U);
}

TEST_F(WorkerPlugin, AnswersMayComeLaterFromAnotherThread) {
    Start();
    const auto slow = gateway.Ask("later 300");
    const auto fast = gateway.Ask("later 1");
    EXPECT_EQ(gateway.ReplyTo(slow).value().body(), "later");
    ASSERT_EQ(gateway.replies.size(), 2U);
    EXPECT_EQ(gateway.replies[0].id(), fast);
}

class WorkerLifetime : public WorkerProcess {};

TEST_F(WorkerLifetime, ATermSignalDrains) {
    Start();
    const auto id = gateway.Ask("sleep 500");
    ASSERT_TRUE(WaitNoted("started", id));
    worker->Signal(SIGTERM);
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.goodbyes == 1; }));
    const auto late = gateway.Ask("echo");
    EXPECT_EQ(gateway.ReturnOf(late).value().reason(), wire::Return::DRAINING);
    EXPECT_EQ(gateway.ReplyTo(id).value().body(), "slept");
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
    EXPECT_FALSE(Noted("started", late));
    EXPECT_NE(worker->Output().find("counted since the start: received=2 finished=1 "
                                    "returned_draining=1 sessions_opened=1"),
              std::string::npos);
}

TEST_F(WorkerLifetime, ADrainEndsAtItsTimeout) {
    Start({"--drain-timeout", "300ms"});
    const auto id = gateway.Ask("never");
    ASSERT_TRUE(WaitNoted("started", id));
    worker->Signal(SIGTERM);
    ASSERT_TRUE(gateway.WaitFor([&] { return !worker->Running(); }));
    EXPECT_EQ(worker->Wait(ms(0)), 3);
    EXPECT_TRUE(Noted("cancelled", id));
}

TEST_F(WorkerLifetime, ASecondSignalEndsAtOnce) {
    Start();
    const auto id = gateway.Ask("sleep 20000");
    ASSERT_TRUE(WaitNoted("started", id));
    worker->Signal(SIGINT);
    ASSERT_TRUE(WaitLogged("draining"));
    worker->Signal(SIGINT);
    EXPECT_EQ(worker->Wait(ms(5000)), 130);
}

TEST_F(WorkerLifetime, AHangupEndsNothingAndIsNoSecondSignal) {
    Start();
    const auto id = gateway.Ask("sleep 500");
    ASSERT_TRUE(WaitNoted("started", id));
    worker->Signal(SIGHUP);
    ASSERT_TRUE(WaitLogged("SIGHUP: there are no keys to reload"));
    EXPECT_EQ(gateway.goodbyes, 0);
    worker->Signal(SIGTERM);
    ASSERT_TRUE(WaitLogged("draining"));
    worker->Signal(SIGHUP);
    EXPECT_EQ(gateway.ReplyTo(id).value().body(), "slept");
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
}

TEST_F(WorkerLifetime, WithoutAGatewayItEndsAtOnce) {
    Run({"--plugin", Plugin("echo"), "--gateway", "tcp://127.0.0.1:9"});
    ASSERT_TRUE(WaitLogged("connecting"));
    worker->Signal(SIGTERM);
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
}

TEST_F(WorkerLifetime, ItsHealthIsTheFilesAge) {
    const std::vector<std::string> check = {"--health", "--health-file", File("health")};
    Run(check);
    EXPECT_EQ(worker->Wait(ms(10'000)), 1);
    Start({"--health-file", File("health")});
    ASSERT_TRUE(gateway.WaitFor([&] { return std::filesystem::exists(File("health")); }));
    const auto serving = std::move(worker);
    Run(check);
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
    std::filesystem::last_write_time(
        File("health"), std::filesystem::file_time_type::clock::now() - std::chrono::seconds(6));
    serving->Signal(SIGSTOP);
    std::filesystem::last_write_time(
        File("health"), std::filesystem::file_time_type::clock::now() - std::chrono::seconds(6));
    Run(check);
    EXPECT_EQ(worker->Wait(ms(10'000)), 1);
}

TEST_F(WorkerLifetime, OptionsComeFromTheEnvironmentToo) {
    gateway.service = "echo";
    Run({}, {{"HOLDFAST_WORKER_PLUGIN", Plugin("echo")},
             {"HOLDFAST_WORKER_GATEWAY", gateway.endpoint()},
             {"HOLDFAST_WORKER_THREADS", "3"},
             {"HOLDFAST_WORKER_LOG_FORMAT", "json"}});
    ASSERT_TRUE(gateway.WaitWelcomed());
    EXPECT_EQ(gateway.hellos[0].threads(), 3U);
    EXPECT_TRUE(WaitLogged(R"("level":"info")"));
}

TEST_F(WorkerLifetime, WrongUsageIsExitCodeTwo) {
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"--plugin", "x.so"},
        {"--plugin", "x.so", "--gateway", "127.0.0.1:5570"},
        {"--plugin", "x.so", "--gateway", "tcp://a:1", "--threads", "0"},
        {"--plugin", "x.so", "--gateway", "tcp://a:1", "--drain-timeout", "30"},
        {"--plugin", "x.so", "--gateway", "tcp://a:1", "--capacity-bytes", "64MB"},
        {"--plugin", "x.so", "--gateway", "tcp://a:1", "--plugin-config", "@/no/such/file"},
        {"--no-such-option"},
        {"--health"},
    };
    for (const auto& arguments : wrong) {
        Run(arguments);
        EXPECT_EQ(worker->Wait(ms(10'000)), 2) << ::testing::PrintToString(arguments);
    }
}

}  // namespace
}  // namespace holdfast::test
