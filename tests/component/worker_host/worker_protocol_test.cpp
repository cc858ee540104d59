#include <map>
#include <set>

#include "tests/component/worker_host/worker_process.h"

namespace holdfast::test {
namespace {

class WorkerProtocol : public WorkerProcess {};

TEST_F(WorkerProtocol, AWorkerSaysWhoItIsAndGetsCreditOut) {
    Start({"--threads", "2", "--capacity", "5"}, "echo");
    ASSERT_EQ(gateway.hellos.size(), 1U);
    const wire::Hello& hello = gateway.hellos[0];
    EXPECT_EQ(hello.protocol(), 1U);
    EXPECT_FALSE(hello.instance().empty());
    EXPECT_EQ(hello.pid(), static_cast<std::uint64_t>(worker->pid()));
    EXPECT_EQ(hello.threads(), 2U);
    ASSERT_EQ(hello.services_size(), 1);
    EXPECT_EQ(hello.services(0).name(), "echo");
    EXPECT_EQ(gateway.credits.back().second.requests_total(), 5U);
}

TEST_F(WorkerProtocol, ARequestReachesThePluginWholeAndItsReplyComesBack) {
    Start({}, "echo");
    wire::Envelope envelope;
    wire::Request& request = *envelope.add_requests() = gateway.MakeRequest(std::string("a\0b", 3));
    request.set_attempt(2);
    wire::Field& header = *request.add_headers();
    header.set_name("content-type");
    header.set_value("text/x");
    gateway.Send(envelope);
    const auto reply = gateway.ReplyTo(request.id());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->attempt(), 2U);
    EXPECT_EQ(reply->kind(), wire::Reply::ANSWERED);
    EXPECT_EQ(reply->status(), 200U);
    EXPECT_EQ(reply->body(), std::string("a\0b", 3));
    ASSERT_EQ(reply->headers_size(), 1);
    EXPECT_EQ(reply->headers(0).value(), "text/x");
}

TEST_F(WorkerProtocol, ADescriptionSaysWhatRunsHereAndWhatItHasCounted) {
    Start({"--threads", "2", "--capacity", "5"});
    ASSERT_TRUE(gateway.ReplyTo(gateway.Ask("echo")));
    ASSERT_TRUE(gateway.ReplyTo(gateway.Ask("fail")));
    wire::Envelope question;
    question.mutable_describe()->set_number(17);
    gateway.Send(question);
    ASSERT_TRUE(gateway.WaitFor([&] { return !gateway.descriptions.empty(); }));
    const wire::Description& description = gateway.descriptions[0];
    EXPECT_EQ(description.number(), 17U);
    EXPECT_EQ(description.plugin(), "trouble");
    EXPECT_EQ(description.plugin_version(), "1");
    EXPECT_EQ(description.abi().substr(0, 2), "1.");
    EXPECT_NE(description.built_with().find("compiler"), std::string::npos);
    EXPECT_FALSE(description.version().empty());
    EXPECT_EQ(description.threads(), 2U);
    std::map<std::string, std::uint64_t> counters;
    for (const auto& count : description.counters()) counters[count.name()] = count.value();
    EXPECT_EQ(counters["received"], 2U);
    EXPECT_EQ(counters["finished"], 2U);
    EXPECT_EQ(counters["failed"], 1U);
    std::map<std::string, std::string> settings;
    for (const auto& item : description.settings()) settings[item.name()] = item.value();
    EXPECT_EQ(settings["capacity"], "5");
    EXPECT_EQ(settings["stuck-after"], "300 ms");
}

TEST_F(WorkerProtocol, AThousandRequestsAreAnsweredWithinTheCreditOnce) {
    Start({"--threads", "3", "--capacity", "16"}, "echo");
    std::uint64_t sent = 0;
    while (sent < 1000) {
        const auto granted = gateway.credits.back().second.requests_total();
        wire::Envelope envelope;
        for (; sent < granted && sent < 1000; ++sent) {
            *envelope.add_requests() = gateway.MakeRequest(std::to_string(sent));
        }
        if (envelope.requests_size() > 0) gateway.Send(envelope);
        ASSERT_TRUE(gateway.WaitFor(
            [&] { return gateway.credits.back().second.requests_total() > sent || sent == 1000; }));
    }
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.replies.size() >= 1000; }));
    std::set<std::uint64_t> ids;
    for (const auto& reply : gateway.replies) {
        ids.insert(reply.id());
        EXPECT_EQ(reply.body(), std::to_string(reply.id() - 1));
    }
    EXPECT_EQ(ids.size(), 1000U);
    EXPECT_EQ(gateway.replies.size(), 1000U);
    EXPECT_TRUE(gateway.returns.empty());
}

TEST_F(WorkerProtocol, PingsAreAnsweredWhileTheHandlerBlocks) {
    Start();
    const std::uint64_t id = gateway.Ask("sleep 1500");
    ASSERT_TRUE(WaitNoted("started", id));
    gateway.pongs.clear();
    gateway.Idle(ms(1000));
    EXPECT_GE(gateway.pongs.size(), 3U);
    EXPECT_EQ(gateway.pongs.back().running(), 1U);
    EXPECT_EQ(gateway.pongs.back().started_through(), 1U);
    EXPECT_GE(gateway.pongs.back().oldest_started_age_ms(), 300U);
    EXPECT_TRUE(gateway.ReplyTo(id));
}

TEST_F(WorkerProtocol, ACancelledRequestThatWaitsIsNeverStarted) {
    Start({"--stuck-after", "20s"});
    const std::uint64_t running = gateway.Ask("sleep 300");
    ASSERT_TRUE(WaitNoted("started", running));
    const std::uint64_t waiting = gateway.Ask("echo");
    gateway.Cancel(waiting);
    ASSERT_TRUE(gateway.ReplyTo(running));
    const std::uint64_t after = gateway.Ask("echo");
    ASSERT_TRUE(gateway.ReplyTo(after));
    EXPECT_FALSE(Noted("started", waiting));
}

TEST_F(WorkerProtocol, ACancelReachesThePluginOfARunningRequest) {
    Start();
    const std::uint64_t id = gateway.Ask("until-cancelled");
    ASSERT_TRUE(WaitNoted("started", id));
    gateway.Cancel(id);
    ASSERT_TRUE(WaitNoted("cancelled", id));
    const std::uint64_t after = gateway.Ask("echo");
    ASSERT_TRUE(gateway.ReplyTo(after));
    EXPECT_FALSE(gateway.ReplyTo(id, ms(0)));
}

TEST_F(WorkerProtocol, AnExpiredRequestIsNeverStarted) {
    Start({"--stuck-after", "20s"});
    const std::uint64_t running = gateway.Ask("sleep 500");
    ASSERT_TRUE(WaitNoted("started", running));
    const std::uint64_t expired = gateway.Ask("echo", 100);
    ASSERT_TRUE(gateway.ReplyTo(running));
    ASSERT_TRUE(gateway.ReplyTo(gateway.Ask("echo")));
    EXPECT_FALSE(Noted("started", expired));
}

TEST_F(WorkerProtocol, RequestsBehindASlowHandlerAreHandedBack) {
    Start();
    const std::uint64_t running = gateway.Ask("sleep 2000");
    ASSERT_TRUE(WaitNoted("started", running));
    const std::uint64_t waiting = gateway.Ask("echo");
    const auto returned = gateway.ReturnOf(waiting);
    ASSERT_TRUE(returned);
    EXPECT_EQ(returned->reason(), wire::Return::STUCK);
    EXPECT_TRUE(gateway.ReplyTo(running));
    EXPECT_FALSE(Noted("started", waiting));
}

TEST_F(WorkerProtocol, AfterAStopNothingOldIsStartedAndTheWorkerSaysHelloAnew) {
    Start({"--stuck-after", "20s"});
    const std::uint64_t running = gateway.Ask("sleep 200");
    ASSERT_TRUE(WaitNoted("started", running));
    const std::uint64_t waiting = gateway.Ask("echo");
    ASSERT_TRUE(gateway.WaitFor(
        [&] { return !gateway.pongs.empty() && gateway.pongs.back().queued() == 1; }));
    worker->Signal(SIGSTOP);
    gateway.Idle(ms(900));
    const std::uint64_t sent_meanwhile = gateway.Ask("echo");
    worker->Signal(SIGCONT);
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() == 2; }));
    EXPECT_EQ(gateway.hellos[0].instance(), gateway.hellos[1].instance());
    ASSERT_TRUE(gateway.WaitWelcomed());
    const std::uint64_t after = gateway.Ask("echo");
    EXPECT_TRUE(gateway.ReplyTo(after));
    EXPECT_FALSE(Noted("started", waiting));
    EXPECT_FALSE(Noted("started", sent_meanwhile));
    EXPECT_FALSE(gateway.ReplyTo(running, ms(0)));
}

TEST_F(WorkerProtocol, AGatewayThatFallsSilentLosesItsRequests) {
    Start();
    const std::uint64_t id = gateway.Ask("until-cancelled");
    ASSERT_TRUE(WaitNoted("started", id));
    gateway.ping = false;
    ASSERT_TRUE(WaitNoted("cancelled", id));
    EXPECT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() >= 2; }));
}

TEST_F(WorkerProtocol, ARefusedWorkerSaysWhyAndGoesOnTrying) {
    gateway.refuse = true;
    Run({"--plugin", Plugin("echo"), "--gateway", gateway.endpoint()});
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() == 1; }));
    EXPECT_TRUE(
        WaitLogged("refuses this worker: protocol version (only 9); it speaks protocol 9, "
                   "this worker 1"));
    gateway.refuse = false;
    gateway.Idle(ms(2000));
    EXPECT_EQ(gateway.hellos.size(), 1U);
    EXPECT_TRUE(gateway.WaitWelcomed());
}

TEST_F(WorkerProtocol, EveryMalformedEnvelopeEndsTheConnectionAndIsSurvived) {
    Start({}, "echo");
    std::string empty_items;
    for (int i = 0; i < 20'000; ++i) empty_items += std::string("\x42\x00", 2);
    wire::Envelope no_id;
    *no_id.add_requests() = gateway.MakeRequest("x");
    no_id.mutable_requests(0)->clear_id();
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"\xff\xff\xff\xff", "wire"},         {std::string("\x3a\x05\x09", 3), "wire"},
        {std::string("\x0b\x0c", 2), "wire"},  // a group
        {empty_items, "too many items"},      {no_id.SerializeAsString(), "bad request"},
    };
    for (const auto& [bytes, reason] : cases) {
        const std::size_t hellos = gateway.hellos.size();
        const std::size_t logged = worker->Output().size();
        gateway.SendBytes(bytes);
        ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() > hellos; })) << reason;
        EXPECT_TRUE(WaitLogged("malformed envelope (" + reason, logged));
        ASSERT_TRUE(gateway.WaitWelcomed());
    }
    gateway.SendFrames({"one", "two"});
    EXPECT_TRUE(WaitLogged("malformed envelope (frames"));
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() == cases.size() + 2; }));
    ASSERT_TRUE(gateway.WaitWelcomed());
    EXPECT_TRUE(gateway.ReplyTo(gateway.Ask("still there")));
}

TEST_F(WorkerProtocol, AWorkerComesBackToARestartedGateway) {
    Start({}, "echo");
    gateway.Restart();
    ASSERT_TRUE(gateway.WaitWelcomed());
    EXPECT_TRUE(gateway.ReplyTo(gateway.Ask("again")));
}

TEST_F(WorkerProtocol, EachGatewayGetsItsOwnReplies) {
    ScriptedGateway other;
    gateway.service = other.service = "echo";
    Run({"--plugin", Plugin("echo"), "--gateway", gateway.endpoint(), "--gateway",
         other.endpoint()});
    ASSERT_TRUE(gateway.WaitWelcomed());
    ASSERT_TRUE(other.WaitWelcomed());
    const auto one = gateway.Ask("one");
    const auto two = other.Ask("two");
    ASSERT_EQ(one, two);
    EXPECT_EQ(other.ReplyTo(two).value().body(), "two");
    EXPECT_EQ(gateway.ReplyTo(one).value().body(), "one");
}

TEST_F(WorkerProtocol, ANameIsResolvedToAllItsAddresses) {
    gateway.service = "echo";
    Run({"--plugin", Plugin("echo"), "--gateway", "tcp://localhost:" + gateway.port()});
    ASSERT_TRUE(gateway.WaitWelcomed());
    EXPECT_TRUE(gateway.ReplyTo(gateway.Ask("by name")));
}

}  // namespace
}  // namespace holdfast::test
