// Peers that do not speak the protocol, or speak it wrongly below the envelope.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <random>
#include <vector>

#include "tests/e2e/hostile_peers/hostile_peers_fixture.h"

namespace holdfast::testing {
namespace {

using test::HttpClient;

std::string Random(std::size_t size) {
    std::mt19937 random(static_cast<std::uint32_t>(size));
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

/// Reads what is there until the other end has closed.
bool IsClosed(HttpClient& peer) {
    return Eventually([&] {
        std::array<char, 512> room;
        const ssize_t got = ::recv(peer.descriptor(), room.data(), room.size(), MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno == ECONNRESET);
    });
}

TEST_F(HostilePeers, OtherProtocolsAreClosedAndCounted) {
    using namespace std::string_literals;
    const std::vector<std::string> beginnings = {
        "GET / HTTP/1.1\r\nHost: bus\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + Random(508),
        Random(1000),
        "\x01\x00"s,                                                  // ZMTP 1.0
        "\xFF\x00\x00\x00\x00\x00\x00\x00\x01\x7F\x01\x05\x00\x00"s,  // ZMTP 2.0
        ZmtpGreeting("PLAIN"),
        ZmtpGreeting("CURVE") + Random(200),
        ZmtpGreeting().substr(0, 40),
        ZmtpGreeting() + "\x04\x05\x04NOPE"s,
        ZmtpGreeting() + ZmtpReady("PUSH"),
        ZmtpGreeting() + ZmtpReady("SUB"),
        ZmtpGreeting() + ZmtpReady("no such type"),
        std::string(100'000, '\xFF'),
    };
    std::vector<HttpClient> peers;
    for (const std::string& beginning : beginnings) {
        peers.emplace_back(bus());
        peers.back().Send(beginning);
    }
    for (std::size_t i = 0; i < peers.size(); ++i) EXPECT_TRUE(IsClosed(peers[i])) << i;
    // libzmq does not tell of every one of them.
    EXPECT_TRUE(
        Grows("holdfast_bus_handshakes_failed_total", static_cast<double>(beginnings.size()) / 2));
}

TEST_F(HostilePeers, HundredsOfHalfHandshakesEndByThemselves) {
    const std::size_t count = SlowFactor() == 1 ? 300 : 100;
    std::vector<HttpClient> peers;
    for (std::size_t i = 0; i < count; ++i) {
        peers.emplace_back(bus());
        peers.back().Send(ZmtpGreeting().substr(0, i % 64));
    }
    EXPECT_TRUE(Grows("holdfast_bus_handshakes_failed_total", static_cast<double>(count)));
    for (HttpClient& peer : peers) EXPECT_TRUE(IsClosed(peer));
}

TEST_F(HostilePeers, WrongSocketTypesChangeNothing) {
    for (const int type : {ZMQ_REQ, ZMQ_SUB, ZMQ_PUSH, ZMQ_PAIR, ZMQ_ROUTER}) {
        zmq::socket_t socket(context_, type);
        socket.set(zmq::sockopt::linger, 0);
        socket.connect("tcp://127.0.0.1:" + std::to_string(bus()));
        if (type == ZMQ_SUB || type == ZMQ_ROUTER) continue;
        socket.set(zmq::sockopt::sndtimeo, 200);
        socket.send(zmq::str_buffer("hello"));
    }
    // A REQ's message has an empty frame in front.
    zmq::socket_t request(context_, ZMQ_REQ);
    request.set(zmq::sockopt::linger, 0);
    request.connect("tcp://127.0.0.1:" + std::to_string(bus()));
    request.send(zmq::str_buffer("hello"));
    EXPECT_TRUE(Grows("holdfast_malformed_total{reason=\"frames\"}", 1));
}

TEST_F(HostilePeers, AFrameOfAnAbsurdSizeEndsTheConnectionBeforeItIsRead) {
    for (const std::uint64_t size : {std::uint64_t{1} << 32U, std::uint64_t{1} << 63U,
                                     ~std::uint64_t{0}, std::uint64_t{3} << 20U}) {
        HttpClient peer = ZmtpPeer(bus());
        peer.Send(ZmtpFrameHead(size));
        peer.Send(std::string(1000, 'x'));
        EXPECT_TRUE(IsClosed(peer)) << size;
    }
}

TEST_F(HostilePeers, FramesThatNeverEndHoldNobodyUp) {
    std::vector<HttpClient> peers;
    for (int i = 0; i < 50; ++i) {
        peers.push_back(ZmtpPeer(bus()));
        peers.back().Send(ZmtpFrame("") + ZmtpFrameHead(500'000) + std::string(100, 'x'));
    }
    for (int round = 0; round < 20; ++round) {
        for (HttpClient& peer : peers) peer.Send("y");
        EXPECT_TRUE(ClientAsks(1));
    }
}

TEST_F(HostilePeers, AMessageThatNeverEndsIsCutOffAtItsFirstFrame) {
    // Sizes that libzmq would keep in a block each, in the buffer that they were read into, and in
    // the 64 bytes that each frame costs it whatever it holds.
    int peers = 0;
    for (const std::size_t size : {std::size_t{8000}, std::size_t{200}, std::size_t{1}}) {
        std::string frames;
        while (frames.size() < 60'000) frames += ZmtpFrame(std::string(size, 'x'), true);
        for (int i = 0; i < 5; ++i) {
            HttpClient peer = ZmtpPeer(bus());
            std::size_t sent = 0;
            while (sent < (64U << 20U) && peer.Send(frames)) sent += frames.size();
            EXPECT_LT(sent, 8U << 20U) << "what the kernel's buffers hold, and no more";
            EXPECT_TRUE(IsClosed(peer));
            EXPECT_TRUE(Grows("holdfast_malformed_total{reason=\"frames\"}", ++peers));
        }
        EXPECT_TRUE(ClientAsks(1));
    }
}

TEST_F(HostilePeers, HeartbeatsBehindAFullPipeOfAConnectionThatFailsEndNobody) {
    // libzmq would end the gateway when it takes up such a connection again (its issue 4364).
    std::string burst;
    for (int i = 0; i < 500; ++i) burst += ZmtpFrame("") + ZmtpCommand("PING", {"\x00\x00", 2});
    const int rounds = 400 / SlowFactor();
    for (int i = 0; i < rounds; ++i) {
        HttpClient peer = ZmtpPeer(bus());
        peer.Send(burst);
        peer.Reset();
    }
    EXPECT_TRUE(Eventually([&] {
        return stack_.gateway().Output().find("commands on the bus were ignored") !=
               std::string::npos;
    }));
    EXPECT_TRUE(stack_.gateway().Running());
}

TEST_F(HostilePeers, TenThousandIdentitiesLeaveNothingBehind) {
    const int count = 10'000 / SlowFactor();
    wire::Envelope hello;
    hello.mutable_hello()->set_protocol(1);
    hello.mutable_hello()->set_instance("hostile");
    hello.mutable_hello()->add_services()->set_name("other");
    for (int i = 0; i < count; ++i) {
        // Some choose their name, some choose that of another, some say what they are.
        const std::string identity = i % 3 == 0 ? "" : "peer-" + std::to_string(i % 1000);
        HttpClient peer = ZmtpPeer(bus(), identity);
        std::string bytes = ZmtpFrame("");
        if (i % 2 == 0) bytes += ZmtpFrame(hello.SerializeAsString());
        peer.Send(bytes);
        if (i % 5 != 0) continue;
        peer.Reset();
    }
    EXPECT_GT(Count("holdfast_workers_total{event=\"welcomed\"}"), count / 10);
    EXPECT_TRUE(ClientAsks(10));
}

}  // namespace
}  // namespace holdfast::testing
