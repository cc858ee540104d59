// Peers that speak the protocol, and lie in it.
#include <limits>
#include <thread>

#include "tests/e2e/hostile_peers/hostile_peers_fixture.h"

namespace holdfast::testing {
namespace {

using test::FakeWorker;

/// A worker of a service that nobody asks for.
std::unique_ptr<FakeWorker> Joined(zmq::context_t& context, std::uint16_t port,
                                   const std::string& service = "other") {
    auto worker = std::make_unique<FakeWorker>(context, port);
    worker->instance = "hostile-" + service;
    worker->services = {service};
    EXPECT_TRUE(worker->Join());
    return worker;
}

wire::Reply ForgedReply(std::uint64_t id, std::uint32_t attempt) {
    wire::Reply reply;
    reply.set_id(id);
    reply.set_attempt(attempt);
    reply.set_status(200);
    reply.set_body("forged");
    return reply;
}

void SendReply(FakeWorker& worker, std::uint64_t session, const wire::Reply& reply) {
    wire::Envelope envelope;
    envelope.set_session(session);
    *envelope.add_replies() = reply;
    worker.Send(envelope);
}

TEST_F(HostilePeers, ForgedRepliesToAnothersRequestsAreCountedAndDropped) {
    const auto hostile = Joined(context_, bus());
    auto client = stack_.Client();
    std::thread asks([&] {
        const auto answer = client.Get("/trouble/sleep/1500");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->body, "slept") << "somebody else's answer";
    });
    std::uint64_t id = 0;
    EXPECT_TRUE(Eventually([&] {
        const nlohmann::json page = stack_.Ops("/v1/pending");
        for (const auto& one : page.value("oldest", nlohmann::json::array())) {
            if (one.value("route", "").starts_with("/trouble/")) {
                id = std::stoull(one.value("id", "0"), nullptr, 16);
            }
        }
        return id != 0;
    })) << stack_.Ops("/v1/pending").dump();
    for (const std::uint32_t attempt : {1U, 2U, 0U}) {
        SendReply(*hostile, hostile->session(), ForgedReply(id, attempt));
    }
    for (std::uint64_t near = 1; near <= 1000; ++near) {
        SendReply(*hostile, hostile->session(), ForgedReply(id + near, 1));
    }
    EXPECT_TRUE(Grows("holdfast_replies_dropped_total{reason=\"not-owner\"}", 1));
    asks.join();
}

TEST_F(HostilePeers, ReplayedRepliesAreCountedAndDropped) {
    const auto worker = Joined(context_, bus());
    const auto other = Joined(context_, bus(), "another");
    std::thread asks([this] {
        const auto answer = stack_.Client().Post("/other", "x", "text/plain");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->body, "mine");
    });
    const auto request = worker->NextRequest();
    ASSERT_TRUE(request);
    worker->Answer(*request, 200, "mine");
    asks.join();
    const wire::Reply replayed = ForgedReply(request->id(), request->attempt());
    for (int i = 0; i < 500; ++i) {
        SendReply(*worker, worker->session(), replayed);
        // Of a session that is not its own, and of one that never was.
        SendReply(*other, worker->session(), replayed);
        SendReply(*other, 12345, replayed);
    }
    EXPECT_TRUE(Grows("holdfast_items_of_other_session_total", 1000));
    const auto dropped = [&](const char* reason) {
        return Count("holdfast_replies_dropped_total{reason=\"" + std::string(reason) + "\"}");
    };
    EXPECT_TRUE(Eventually([&] {
        return dropped("late") + dropped("duplicate") + dropped("unknown") + dropped("not-owner") >=
               500;
    }));
}

TEST_F(HostilePeers, CreditsThatOverflowOrShrinkEndTheirOwnSessionOnly) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    const auto greedy = Joined(context_, bus());
    greedy->Grant(kMost, kMost);
    greedy->Grant(kMost, kMost);
    greedy->Grant(1, 1);
    EXPECT_TRUE(Grows("holdfast_malformed_total{reason=\"credit\"}", 1));
    EXPECT_TRUE(Grows("holdfast_workers_total{event=\"lost\"}", 1));
}

TEST_F(HostilePeers, AFloodOfPongsAndHellosHoldsNobodyUp) {
    const auto noisy = Joined(context_, bus());
    wire::Envelope pong;
    pong.set_session(noisy->session());
    pong.mutable_pong()->set_sequence(std::numeric_limits<std::uint64_t>::max());
    const int count = 50'000 / SlowFactor();
    for (int i = 0; i < count; ++i) {
        noisy->Send(pong);
        if (i % 1000 == 0) noisy->SendBytes("");
    }
    EXPECT_TRUE(Grows("holdfast_envelopes_received_total", count / 2.0));
}

}  // namespace
}  // namespace holdfast::testing
