// What a peer could do to libzmq itself, below the envelope. For most of it the bus's socket stands
// alone, and nobody reads from it but the test.
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bus/router_socket.h"
#include "tests/support/leg/expect_served.h"
#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/leg_under_test.h"
#include "tests/support/leg/zmtp_peer.h"

namespace holdfast::test {
namespace {

using gateway::Counter;
using gateway::RouterSocket;

constexpr int kReceiveHwm = 4;

std::size_t ResidentBytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class LegStream : public testing::Test {
  protected:
    static gateway::RouterSocketOptions Options() {
        gateway::RouterSocketOptions options;
        options.address = "127.0.0.1";
        options.max_connections = 64;
        options.max_message_bytes = 1U << 20U;
        options.send_hwm = kReceiveHwm;
        options.receive_hwm = kReceiveHwm;
        options.socket_buffer = 128U << 10U;
        return options;
    }

    /// Time for libzmq's own thread to see what a peer did, where no event tells that it has. The
    /// less it gets, the less is tried; nothing fails by it.
    static void Breathe() { ::poll(nullptr, 0, 20); }

    /// Takes all that is there; how many messages that were.
    std::size_t TakeAll() {
        std::size_t taken = 0;
        std::string_view routing_id;
        std::string_view envelope;
        while (socket_.Receive(routing_id, envelope) != RouterSocket::Receipt::kNothing) ++taken;
        return taken;
    }
    bool Takes(std::size_t messages) {
        std::size_t taken = 0;
        for (int i = 0; i < 500 && taken < messages; ++i) {
            taken += TakeAll();
            if (taken < messages) ::poll(nullptr, 0, 10);
        }
        return taken == messages;
    }

    RouterSocket socket_{Options()};
};

TEST_F(LegStream, AMessageThatNeverEndsDoesNotGrow) {
    for (const std::size_t size : {std::size_t{8000}, std::size_t{200}, std::size_t{1}}) {
        std::string frames;
        while (frames.size() < 60'000) frames += ZmtpFrame(std::string(size, 'x'), true);
        const std::size_t before = ResidentBytes();
        HttpClient peer = ZmtpPeer(socket_.port());
        std::size_t sent = 0;
        while (sent < (16U << 20U) && peer.Send(frames)) sent += frames.size();
        peer.WaitForClose();
        EXPECT_LT(ResidentBytes(), before + (4U << 20U)) << "frames of " << size << " bytes";
        EXPECT_LT(sent, 16U << 20U);
    }
    EXPECT_EQ(socket_.guard()->TakeNews().disconnected, 3U);
    EXPECT_EQ(TakeAll(), 0U);
}

TEST_F(LegStream, AHeartbeatBehindAFullPipeOfAConnectionThatFailedEndsNothing) {
    // The pipe is full before libzmq comes to the PING in its buffer; the connection fails; and the
    // PING is read when there is room again (libzmq issue 4364).
    std::string burst;
    for (int i = 0; i <= kReceiveHwm; ++i) burst += ZmtpFrame("x");
    burst += ZmtpCommand("PING", {"\0\0", 2});
    for (int round = 0; round < 5; ++round) {
        HttpClient peer = ZmtpPeer(socket_.port());
        ASSERT_TRUE(peer.Send(burst));
        Breathe();
        peer.Reset();
        Breathe();
        EXPECT_TRUE(Takes(kReceiveHwm + 1));
    }
    EXPECT_EQ(socket_.guard()->TakeNews().ignored, 5U);
}

TEST_F(LegStream, CommandsBetweenMessagesChangeNoMessage) {
    HttpClient peer = ZmtpPeer(socket_.port());
    const std::string ping = ZmtpCommand("PING", std::string(1000, 'p'));
    const std::string long_body(300'000, 'b');
    const std::string stream = ping + ZmtpFrame("") + ping + ZmtpFrame("short") + ping + ping +
                               ZmtpFrame(long_body) + ping;
    // In pieces, so that some reads hold nothing that is left.
    for (std::size_t at = 0; at < stream.size(); at += 700) {
        ASSERT_TRUE(peer.Send(std::string_view(stream).substr(at, 700)));
    }
    std::vector<std::string> taken;
    for (int i = 0; i < 500 && taken.size() < 3; ++i) {
        std::string_view routing_id;
        std::string_view envelope;
        const auto receipt = socket_.Receive(routing_id, envelope);
        if (receipt == RouterSocket::Receipt::kEnvelope) taken.emplace_back(envelope);
        if (receipt == RouterSocket::Receipt::kNothing) ::poll(nullptr, 0, 10);
    }
    EXPECT_EQ(taken, (std::vector<std::string>{"", "short", long_body}));
}

TEST(LegStreamOfAWorker, HeartbeatsAreIgnoredAndTheirSenderIsServed) {
    LegUnderTest leg;
    zmq::context_t context;
    FakeWorker::Options options;
    options.heartbeat_ms = 5;
    FakeWorker worker(context, leg.port(), options);
    ASSERT_TRUE(worker.Join());
    EXPECT_TRUE(LegUnderTest::Eventually(
        [&] { return leg.Logged("ZMTP commands on the bus were ignored"); }));
    ExpectServed(leg, worker);
    EXPECT_EQ(leg.Count(Counter::kWorkersLost), 0U);
}

TEST_F(LegStream, OtherSocketsOfTheProcessSeeEachByte) {
    // The same descriptor numbers, and recv, as the bus's connections have used before.
    { HttpClient peer = ZmtpPeer(socket_.port()); }
    for (int i = 0; i < 10; ++i) {
        std::array<int, 2> pair{};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
        const std::string_view sent("\x01\x05not ZMTP", 10);
        ASSERT_EQ(send(pair[0], sent.data(), sent.size(), 0), 10);
        std::array<char, 32> room{};
        ASSERT_EQ(recv(pair[1], room.data(), room.size(), 0), 10);
        EXPECT_EQ(std::string_view(room.data(), 10), sent);
        close(pair[0]);
        close(pair[1]);
    }
}

}  // namespace
}  // namespace holdfast::test
