// Peers that break the protocol, flood it or hang: the bus goes on for everybody else.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>

#include "tests/support/leg/expect_served.h"
#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/leg_under_test.h"

namespace holdfast::test {
namespace {

using gateway::Counter;
using gateway::Outcome;
using std::chrono::milliseconds;

/// A TCP connection to the bus that is no ZeroMQ socket.
class RawConnection {
  public:
    explicit RawConnection(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr generic{};
        std::memcpy(&generic, &address, sizeof address);
        EXPECT_EQ(connect(fd_, &generic, sizeof generic), 0);
    }
    ~RawConnection() { close(fd_); }
    RawConnection(const RawConnection&) = delete;
    RawConnection& operator=(const RawConnection&) = delete;

    void Send(std::string_view bytes) {
        EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    /// Whether the other end closes it within 5 s.
    bool IsClosed() {
        std::array<char, 256> buffer{};
        while (true) {
            pollfd readable{fd_, POLLIN, 0};
            if (poll(&readable, 1, 5000) <= 0) return false;
            if (recv(fd_, buffer.data(), buffer.size(), 0) <= 0) return true;
        }
    }

  private:
    int fd_;
};

class LegHostileTest : public testing::Test {
  protected:
    zmq::context_t context_;
};

struct Malformation {
    const char* name;
    std::string bytes;
    Counter counter;
};

std::vector<Malformation> Malformations() {
    std::vector<Malformation> all;
    all.push_back({"noise", std::string(100, '\xFF'), Counter::kMalformedEnvelope});
    all.push_back({"one byte", std::string(1, '\x09'), Counter::kMalformedEnvelope});
    all.push_back({"zeros", std::string(64, '\0'), Counter::kMalformedEnvelope});
    all.push_back({"cut reply", std::string("\x9A\x01\x7F\x09", 4), Counter::kMalformedEnvelope});
    all.push_back({"bad reply", std::string("\x9A\x01\x01\x09", 4), Counter::kMalformedReply});
    all.push_back({"bad credit", std::string("\x92\x01\x01\x08", 4), Counter::kMalformedCredit});
    all.push_back({"bad hello", std::string("\x82\x01\x01\x08", 4), Counter::kMalformedHello});
    std::string many;
    for (int i = 0; i < 5000; ++i) many.append("\x9A\x01\x00", 3);
    all.push_back({"many items", many, Counter::kMalformedTooManyItems});
    wire::Envelope envelope;
    envelope.add_requests()->set_id(1);
    all.push_back({"a request", envelope.SerializeAsString(), Counter::kMalformedDirection});
    return all;
}

TEST_F(LegHostileTest, EachMalformedEnvelopeIsCountedByReasonAndEndsThatSessionOnly) {
    LegUnderTest leg;
    FakeWorker good(context_, leg.port());
    ASSERT_TRUE(good.Join());
    FakeWorker bad(context_, leg.port());
    bad.instance = "bad";
    bad.services = {"other"};
    ASSERT_TRUE(bad.Join());
    std::uint64_t lost = 0;
    for (const Malformation& malformation : Malformations()) {
        SCOPED_TRACE(malformation.name);
        const std::uint64_t before = leg.Count(malformation.counter);
        bad.SendBytes(malformation.bytes);
        ASSERT_TRUE(LegUnderTest::Eventually(
            [&] { return leg.Count(malformation.counter) == before + 1; }));
        ++lost;
        EXPECT_TRUE(
            LegUnderTest::Eventually([&] { return leg.Count(Counter::kWorkersLost) == lost; }));
        // Anything from a peer without a session is asked who it is.
        bad.SendBytes("");
        ASSERT_TRUE(bad.NextWhoAreYou());
        ASSERT_TRUE(bad.JoinAs(bad.MakeHello()));
        ExpectServed(leg, good);
    }
    EXPECT_TRUE(leg.Logged("could not be used"));
}

TEST_F(LegHostileTest, MoreThanOneFrameIsCountedAndEndsTheConnection) {
    LegUnderTest leg;
    FakeWorker good(context_, leg.port());
    ASSERT_TRUE(good.Join());
    FakeWorker bad(context_, leg.port());
    bad.instance = "bad";
    ASSERT_TRUE(bad.Join());
    bad.SendFrames({"one", "two"});
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kMalformedFrames) == 1; }));
    EXPECT_TRUE(LegUnderTest::Eventually([&] { return leg.Count(Counter::kWorkersLost) == 1; }));
    EXPECT_TRUE(leg.Logged("was disconnected: a message on the bus has one frame"));
    EXPECT_TRUE(leg.Logged("127.0.0.1:"));
    // The socket connects again by itself.
    EXPECT_TRUE(bad.Join());
    ExpectServed(leg, good);
}

TEST_F(LegHostileTest, AMessageOverTheLimitEndsTheConnection) {
    LegUnderTest leg(
        [](gateway::BusOptions& options) { options.dispatcher.max_message_bytes = 64U << 10U; });
    FakeWorker bad(context_, leg.port());
    ASSERT_TRUE(bad.Join());
    ASSERT_TRUE(leg.Serves());
    bad.SendBytes(std::string((64U << 10U) + 1, 'x'));
    EXPECT_TRUE(leg.Serves(false));
    EXPECT_TRUE(leg.Logged("connection lost"));
    // The socket connects again by itself; the next message is a probe.
    EXPECT_TRUE(bad.Join());
    EXPECT_TRUE(leg.Serves());
}

TEST_F(LegHostileTest, NoiseFromOnePeerDisturbsNoOther) {
    LegUnderTest leg;
    FakeWorker good(context_, leg.port());
    ASSERT_TRUE(good.Join());
    FakeWorker noisy(context_, leg.port());
    std::mt19937 random(1);
    for (int i = 0; i < 3000; ++i) {
        std::string bytes(random() % 200, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        noisy.SendBytes(bytes);
        if (i % 500 == 0) ExpectServed(leg, good);
    }
    ExpectServed(leg, good);
}

TEST_F(LegHostileTest, ConnectionsThatNeverShakeHandsAreClosed) {
    LegUnderTest leg;
    FakeWorker good(context_, leg.port());
    ASSERT_TRUE(good.Join());
    RawConnection silent(leg.port());
    RawConnection http(leg.port());
    http.Send("GET / HTTP/1.1\r\nHost: bus\r\n\r\n");
    ExpectServed(leg, good);
    EXPECT_TRUE(http.IsClosed());
    EXPECT_TRUE(silent.IsClosed());
    EXPECT_TRUE(LegUnderTest::Eventually([&] { return leg.Logged("no ZMTP handshake"); }));
    ExpectServed(leg, good);
}

TEST_F(LegHostileTest, AWorkerMayNameItsOwnRoutingIdAndComeBackWithIt) {
    LegUnderTest leg;
    FakeWorker::Options options;
    options.routing_id = std::string(255, 'r');
    auto first = std::make_unique<FakeWorker>(context_, leg.port(), options);
    ASSERT_TRUE(first->Join());
    ExpectServed(leg, *first);
    first.reset();
    ASSERT_TRUE(leg.Serves(false));
    FakeWorker second(context_, leg.port(), options);
    ASSERT_TRUE(second.Join());
    ExpectServed(leg, second);
}

TEST_F(LegHostileTest, ARoutingIdThatIsTakenCannotBeTakenOver) {
    LegUnderTest leg;
    FakeWorker::Options options;
    options.routing_id = "mine";
    FakeWorker owner(context_, leg.port(), options);
    ASSERT_TRUE(owner.Join());
    FakeWorker thief(context_, leg.port(), options);
    thief.SendBytes("\xFF");
    for (int i = 0; i < 10; ++i) ExpectServed(leg, owner);
    EXPECT_EQ(leg.Count(Counter::kWorkersLost), 0U);
}

TEST_F(LegHostileTest, AWorkerBeyondMaxPeersIsToldSo) {
    LegUnderTest leg([](gateway::BusOptions& options) { options.dispatcher.max_peers = 2; });
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(context_, leg.port()));
        workers.back()->instance = "fake-" + std::to_string(i);
    }
    ASSERT_TRUE(workers[0]->Join());
    ASSERT_TRUE(workers[1]->Join());
    wire::Envelope envelope;
    *envelope.mutable_hello() = workers[2]->MakeHello();
    workers[2]->Send(envelope);
    const auto refused = workers[2]->NextRefused();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason(), wire::Refused::TOO_MANY_PEERS);
}

TEST_F(LegHostileTest, ConnectionsBeyondTheLimitWaitOutsideAndDisturbNobodyInside) {
    constexpr std::uint32_t kMaxPeers = 4;
    LegUnderTest leg(
        [](gateway::BusOptions& options) { options.dispatcher.max_peers = kMaxPeers; });
    FakeWorker good(context_, leg.port());
    ASSERT_TRUE(good.Join());
    std::vector<std::unique_ptr<FakeWorker>> others;
    for (std::uint32_t i = 1; i < kMaxPeers + gateway::Bus::kSpareConnections; ++i) {
        others.push_back(std::make_unique<FakeWorker>(context_, leg.port()));
        ASSERT_TRUE(others.back()->NextWhoAreYou()) << i;
    }
    const std::uint64_t received = leg.Count(Counter::kEnvelopesReceived);
    FakeWorker outside(context_, leg.port());
    outside.Idle(milliseconds(200));
    EXPECT_EQ(leg.Count(Counter::kEnvelopesReceived), received) << "its probe came through";
    ExpectServed(leg, good);
    others.clear();
    EXPECT_TRUE(outside.NextWhoAreYou());
    ExpectServed(leg, good);
}

TEST_F(LegHostileTest, SixtyFourWorkersAreServed) {
    constexpr std::size_t kWorkers = 64;
    LegUnderTest leg;
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (std::size_t i = 0; i < kWorkers; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(context_, leg.port()));
        workers.back()->instance = "fake-" + std::to_string(i);
        ASSERT_TRUE(workers.back()->Join(1)) << i;
    }
    ASSERT_TRUE(LegUnderTest::Eventually([&] {
        const auto snapshot = leg.snapshots.Get(milliseconds(1000));
        std::size_t credit = 0;
        for (const auto& worker : snapshot->workers) credit += worker.credit;
        return credit == kWorkers;
    }));
    for (std::size_t i = 0; i < kWorkers; ++i) leg.Submit("x");
    for (auto& worker : workers) {
        const auto request = worker->NextRequest();
        ASSERT_TRUE(request);
        worker->Answer(*request, 200, "y");
    }
    for (std::size_t i = 0; i < kWorkers; ++i) {
        EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kReplied);
    }
}

TEST_F(LegHostileTest, AWorkerThatStopsReadingFillsItsOwnPipeOnly) {
    constexpr std::size_t kRequests = 400;
    LegUnderTest leg([](gateway::BusOptions& options) { options.send_hwm = 2; });
    FakeWorker::Options options;
    options.receive_hwm = 1;
    options.receive_buffer = 4096;
    FakeWorker stuck(context_, leg.port(), options);
    ASSERT_TRUE(stuck.Join(100'000));
    ASSERT_TRUE(leg.Serves());
    for (std::size_t i = 0; i < kRequests; ++i) leg.Submit(std::string(30'000, 'x'));
    ASSERT_TRUE(LegUnderTest::Eventually([&] { return leg.Count(Counter::kSendsFull) != 0; }));
    FakeWorker good(context_, leg.port());
    good.instance = "good";
    ASSERT_TRUE(good.Join(100'000));
    // Whatever the socket had not taken goes to the one that reads.
    std::size_t answered = 0;
    while (const auto request = good.NextRequest(milliseconds(500))) {
        good.Answer(*request, 200, "y");
        ASSERT_EQ(leg.loop.Next()->outcome, Outcome::kReplied);
        ++answered;
    }
    EXPECT_GT(answered, kRequests / 2);
    EXPECT_LT(answered, kRequests);
    leg.bus->Stop();
    for (std::size_t i = answered; i < kRequests; ++i) {
        EXPECT_EQ(leg.loop.Next()->outcome, Outcome::kShuttingDown);
    }
}

TEST_F(LegHostileTest, PeersThatComeAndGoLeaveNothingBehind) {
    LegUnderTest leg;
    FakeWorker good(context_, leg.port());
    ASSERT_TRUE(good.Join());
    for (int i = 0; i < 300; ++i) {
        FakeWorker passing(context_, leg.port());
        if (i % 3 == 0) {
            passing.instance = "passing-" + std::to_string(i);
            ASSERT_TRUE(passing.Join());
        } else if (i % 3 == 1) {
            ASSERT_TRUE(passing.NextWhoAreYou());
        }
        if (i % 50 == 0) good.Idle(milliseconds(1));
    }
    EXPECT_TRUE(LegUnderTest::Eventually([&] { return leg.Count(Counter::kWorkersLost) == 100; }));
    ExpectServed(leg, good);
}

}  // namespace
}  // namespace holdfast::test
