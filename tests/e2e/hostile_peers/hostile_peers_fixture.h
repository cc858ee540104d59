#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/zmtp_peer.h"
#include "tests/support/stack/ordinary_client.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {

using test::ZmtpCommand;
using test::ZmtpFrame;
using test::ZmtpFrameHead;
using test::ZmtpGreeting;
using test::ZmtpPeer;
using test::ZmtpReady;

/// A gateway, a worker, and a client of theirs. Whatever a hostile peer does meanwhile: each of the
/// client's requests is answered by that worker, which stays in its session; and in the end there
/// is nothing left of the peer.
class HostilePeers : public ::testing::Test {
  protected:
    HostilePeers() {
        stack_.StartGateway();
        stack_.StartTroubleWorker();
        EXPECT_TRUE(stack_.WaitForWorkers(1));
        resident_before_ = stack_.gateway().ResidentBytes();
        client_ = std::make_unique<OrdinaryClient>(stack_, "/echo", "echo");
    }
    ~HostilePeers() override {
        EXPECT_TRUE(stack_.WaitForWorkers(1));
        EXPECT_TRUE(ClientAsks(10));
        client_->Stop();
        EXPECT_EQ(client_->unserved(), 0);
        EXPECT_TRUE(stack_.gateway().Running());
        EXPECT_EQ(stack_.Pending(), 0U);
        EXPECT_EQ(Count("holdfast_redispatches_total"), 0);
        // Sanitizers keep what was freed.
        if (SlowFactor() == 1) {
            EXPECT_LT(stack_.gateway().ResidentBytes(), resident_before_ + kSlackBytes);
        }
    }

    std::uint16_t bus() const { return stack_.ports().bus; }
    double Count(const std::string& metric) const { return stack_.Metric(metric); }
    bool Grows(const std::string& metric, double to) const {
        return Eventually([&] { return Count(metric) >= to; }, std::chrono::seconds(30));
    }

    /// Waits until the client has asked so often again.
    bool ClientAsks(int times) const {
        const int before = client_->asked();
        return Eventually([&] { return client_->asked() >= before + times; },
                          std::chrono::seconds(60));
    }

    /// Arenas, libzmq's pipes of the peers that are there: far below what any of them has sent.
    static constexpr std::uint64_t kSlackBytes = std::uint64_t{24} << 20U;

    // A machine that others load must not make the worker late enough to be lost.
    Stack stack_{R"(
bus: {max_peers: 512, receive_hwm: 4, peer_timeout: 20s}
ready: {required_services: []}
routes:
  - {path: /echo, methods: [POST], service: trouble, timeout: 20s}
  - {path: /other, methods: [POST], service: other, timeout: 20s}
  - {path: "/trouble/{command}/{argument}", methods: [GET], service: trouble, timeout: 20s}
)"};
    zmq::context_t context_;

  private:
    std::uint64_t resident_before_ = 0;
    std::unique_ptr<OrdinaryClient> client_;
};

}  // namespace holdfast::testing
