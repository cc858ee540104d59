#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "proto/envelope.pb.h"

namespace holdfast::test {

/// A gateway that does what a test says, over a real ROUTER on a port of its own. It serves one
/// worker: it asks who it is, welcomes it and pings it, unless it is told not to.
///
/// Thread: the test's. Everything that arrives is taken while one of the waiting calls runs; what
/// they wait for comes within kPatience, or they return false or nothing.
class ScriptedGateway {
  public:
    static constexpr std::chrono::milliseconds kPatience{10'000};

    explicit ScriptedGateway(const std::string& port = "*") { Bind(port); }
    /// As if the process had been started anew: nobody is known, the port is the same.
    void Restart();

    std::string endpoint() const;
    const std::string& port() const { return port_; }

    bool WaitFor(const std::function<bool()>& condition,
                 std::chrono::milliseconds patience = kPatience);
    bool WaitWelcomed();
    /// Takes what comes for so long.
    void Idle(std::chrono::milliseconds time);
    /// Takes what had arrived while this test did something else, without a ping in between.
    void Drain();

    void SendBytes(std::string_view bytes) { SendFrames({bytes}); }
    void SendFrames(const std::vector<std::string_view>& frames);
    void Send(wire::Envelope envelope);  ///< in the present session, unless it names one
    /// A request for the plugin `trouble`, which does what `command` says. Returns its id.
    std::uint64_t Ask(std::string_view command, std::uint32_t timeout_ms = 20'000);
    wire::Request MakeRequest(std::string_view command, std::uint32_t timeout_ms = 20'000);
    void Cancel(std::uint64_t id);
    std::optional<wire::Reply> ReplyTo(std::uint64_t id,
                                       std::chrono::milliseconds patience = kPatience);
    std::optional<wire::Return> ReturnOf(std::uint64_t id);

    // How it behaves.
    std::string service = "trouble";
    bool ask_who = true;
    bool welcome = true;
    bool refuse = false;
    bool ping = true;
    bool ack_goodbye = true;
    std::uint64_t reply_credit = std::uint64_t{1} << 40U;

    // What it saw.
    std::vector<wire::Hello> hellos;
    std::vector<wire::Pong> pongs;
    std::vector<wire::Description> descriptions;
    std::vector<wire::Reply> replies;
    std::vector<wire::Return> returns;
    std::vector<std::pair<std::uint64_t, wire::RequestCredit>> credits;  ///< with their session
    int probes = 0;
    int goodbyes = 0;
    int unreadable = 0;
    std::uint64_t session = 0;

  private:
    void Bind(const std::string& port);
    void Pump();
    void PingIfDue();
    void Take(const std::string& identity, const wire::Envelope& envelope);
    void Welcome();

    zmq::context_t context_;
    zmq::socket_t router_;
    std::string port_;
    std::string worker_;
    std::uint64_t next_session_ = 1000;
    std::uint64_t next_id_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t ping_sequence_ = 0;
    std::chrono::steady_clock::time_point next_ping_;
};

}  // namespace holdfast::test
