#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/correlation_id.h"
#include "gateway/core/deferred_result.h"
#include "gateway/core/reply.h"
#include "gateway/core/request.h"

namespace holdfast::gateway {

/// One connection on the bus, as the bus thread numbers them; never reused within a process.
struct PeerId {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(PeerId, PeerId) = default;
};

/// What a supervisor knows of the process that it started.
struct WorkerProcess {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    std::uint32_t restarts = 0;
    std::string last_crash;     ///< empty: there was none
    Duration last_crash_age{};  ///< at the time of the Hello
};

/// What a worker sends, decoded; the sizes have passed the codec's limits.
struct HelloItem {
    std::uint32_t protocol = 0;
    std::string instance;
    std::string version;
    std::string host;
    std::uint64_t pid = 0;
    std::uint32_t threads = 0;
    std::optional<WorkerProcess> process{};  ///< of a worker that a supervisor started
    struct Service {
        std::string name;
        std::string plugin;
        std::string plugin_version;
    };
    std::vector<Service> services;
};

struct PongItem {
    std::uint64_t sequence = 0;
    std::uint64_t started_through = 0;
    Duration oldest_started{};
    std::uint32_t queued = 0;
    std::uint32_t running = 0;
};

struct RequestCreditItem {
    std::uint64_t requests_total = 0;
    std::uint64_t bytes_total = 0;
};

struct ReplyItem {
    CorrelationId id;
    std::uint32_t attempt = 0;
    std::uint64_t payload_bytes = 0;
    Reply reply;  ///< without its charge
};

struct ReturnItem {
    CorrelationId id;
    std::uint32_t attempt = 0;
};

/// What the gateway sends to one peer: one envelope. Views are valid during Transmitter::Transmit.
struct OutgoingRequest {
    CorrelationId id;
    std::uint32_t attempt = 0;
    std::uint64_t sequence = 0;
    std::uint32_t timeout_ms = 0;
    const Request* request = nullptr;
};

struct OutgoingCancel {
    CorrelationId id;
    std::uint32_t attempt = 0;
};

struct OutgoingWelcome {
    std::uint32_t protocol = 0;
    Duration ping_interval{};
    Duration lease{};
    std::uint64_t max_message_bytes = 0;
    std::uint64_t max_reply_bytes = 0;
};

struct Outgoing {
    enum class Refusal : std::uint8_t { kNone, kProtocol, kTooManyPeers, kBadHello };
    std::uint64_t session = 0;
    bool who_are_you = false;
    bool goodbye_ack = false;
    Refusal refusal = Refusal::kNone;
    std::string refusal_detail;
    const OutgoingWelcome* welcome = nullptr;
    std::uint64_t ping_sequence = 0;       ///< 0: no ping
    std::uint64_t reply_credit_bytes = 0;  ///< 0: unchanged
    std::uint64_t describe = 0;            ///< number of a Describe; 0: none
    std::span<const OutgoingRequest> requests;
    std::span<const OutgoingCancel> cancels;
};

enum class TransmitResult : std::uint8_t {
    kSent,
    kFull,         ///< the peer's pipe is full: nothing was sent, try again later
    kUnreachable,  ///< the connection is gone: nothing was sent
};

/// The socket, as the Dispatcher sees it. Called on the bus thread, never re-enters the Dispatcher.
class Transmitter {
  public:
    virtual TransmitResult Transmit(PeerId peer, const Outgoing& outgoing) = 0;

  protected:
    ~Transmitter() = default;
};

/// What became of a worker's session, for the log.
struct WorkerEvent {
    enum class Kind : std::uint8_t { kWelcomed, kRefused, kDraining, kLost, kDrained };
    Kind kind = Kind::kWelcomed;
    std::string_view instance;
    std::uint64_t session = 0;
    std::string_view reason;
    std::size_t outstanding = 0;  ///< requests that it had
};

class WorkerObserver {
  public:
    virtual void OnWorkerEvent(const WorkerEvent& event) = 0;

  protected:
    ~WorkerObserver() = default;
};

/// Where completions go: the bus thread's batch for each loop.
class CompletionSink {
  public:
    virtual void Complete(Completion completion) = 0;

  protected:
    ~CompletionSink() = default;
};

}  // namespace holdfast::gateway
