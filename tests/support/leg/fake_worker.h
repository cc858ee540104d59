#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "proto/envelope.pb.h"

namespace holdfast::test {

/// A worker that does what a test says, over a real DEALER. It answers pings while it waits for
/// something, unless it is told to keep silent.
///
/// Thread: the test's. What it waits for comes within kPatience, or it returns nothing.
class FakeWorker {
  public:
    static constexpr std::chrono::milliseconds kPatience{5000};

    struct Options {
        std::string routing_id;  ///< empty: the gateway gives one
        bool probe = true;
        /// libzmq drops what was not read yet when the connection ends, and probes again on the
        /// next.
        bool immediate = true;
        int receive_hwm = 0;  ///< 0: libzmq's default
        int receive_buffer = 0;
        int heartbeat_ms = 0;      ///< between ZMTP's own heartbeats, which no worker should send
        int send_timeout_ms = -1;  ///< what cannot be sent for so long is dropped; -1: waits
        /// Z85 keys of an encrypted leg; empty: plain.
        struct {
            std::string server;
            std::string own_public;
            std::string own_secret;
        } curve;
    };

    FakeWorker(zmq::context_t& context, std::uint16_t port) : FakeWorker(context, port, {}) {}
    FakeWorker(zmq::context_t& context, std::uint16_t port, const Options& options);

    // Raw.
    void SendBytes(std::string_view bytes) { SendFrames({bytes}); }
    void SendFrames(const std::vector<std::string_view>& frames);
    void Send(const wire::Envelope& envelope) { SendBytes(envelope.SerializeAsString()); }
    std::optional<wire::Envelope> Receive(std::chrono::milliseconds patience = kPatience);

    // The protocol.
    wire::Hello MakeHello() const;
    /// Probe, Hello, Welcome, and credit for `requests`. False when it was not welcomed.
    bool Join(std::uint64_t requests = 1000);
    bool JoinAs(const wire::Hello& hello, std::uint64_t requests = 1000);
    void Grant(std::uint64_t requests_total, std::uint64_t bytes_total = std::uint64_t{1} << 40U);
    std::optional<wire::WhoAreYou> NextWhoAreYou();
    std::optional<wire::Refused> NextRefused();
    std::optional<wire::Request> NextRequest(std::chrono::milliseconds patience = kPatience);
    std::optional<wire::Cancel> NextCancel(std::chrono::milliseconds patience = kPatience);
    bool NextGoodbyeAck();
    void Answer(const wire::Request& request, std::uint32_t status, std::string body);
    void SayGoodbye();
    /// Closes the socket; what was sent may still leave for so long.
    void CloseAfter(std::chrono::milliseconds linger);
    /// Answers pings for so long, and keeps what else comes.
    void Idle(std::chrono::milliseconds time);

    std::string instance = "fake-1";
    std::vector<std::string> services = {"orders"};
    bool answer_pings = true;

    std::uint64_t session() const { return session_; }
    const wire::Welcome& welcome() const { return welcome_; }
    std::uint64_t reply_credit() const { return reply_credit_; }
    std::size_t envelopes_with_requests() const { return envelopes_with_requests_; }

  private:
    void Take(const wire::Envelope& envelope);
    template <typename Item>
    std::optional<Item> Next(std::vector<Item>& queue, std::chrono::milliseconds patience);

    zmq::socket_t socket_;
    std::uint64_t session_ = 0;
    wire::Welcome welcome_;
    std::uint64_t reply_credit_ = 0;
    std::size_t envelopes_with_requests_ = 0;
    std::vector<wire::WhoAreYou> asked_;
    std::vector<wire::Welcome> welcomes_;
    std::vector<wire::Refused> refusals_;
    std::vector<wire::Request> requests_;
    std::vector<wire::Cancel> cancels_;
    std::vector<wire::GoodbyeAck> acks_;
};

}  // namespace holdfast::test
