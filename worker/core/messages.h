#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "worker/core/clock.h"
#include "worker/core/counters.h"
#include "worker/core/request_record.h"

namespace holdfast::worker {

inline constexpr std::uint32_t kProtocolVersion = 1;

/// What a gateway sends, decoded; the sizes have passed the codec's limits.
struct WelcomeItem {
    Duration ping_interval{};
    Duration lease{};
    std::uint64_t max_message_bytes = 0;
    std::uint64_t max_reply_bytes = 0;
};

struct RequestItem {
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    std::uint64_t sequence = 0;
    Duration timeout{};
    std::uint64_t payload_bytes = 0;
    bool served = true;  ///< whether the plugin serves the request's service
    std::unique_ptr<RequestPayload> payload;
};

/// What the worker sends to one gateway: one envelope. Views are valid during Transmit.
struct PongItem {
    std::uint64_t sequence = 0;
    std::uint64_t started_through = 0;
    Duration oldest_started{};
    std::uint32_t queued = 0;
    std::uint32_t running = 0;
    std::uint64_t started_total = 0;
    std::uint64_t dropped_expired_total = 0;
    std::uint64_t dropped_cancelled_total = 0;
};

struct RequestCreditItem {
    std::uint64_t requests_total = 0;
    std::uint64_t bytes_total = 0;
};

enum class ReturnReason : std::uint8_t { kStuck, kDraining, kNoService, kOverCredit };

struct ReturnItem {
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    ReturnReason reason = ReturnReason::kStuck;
};

/// Answers a Describe; the transmitter adds what it knows of program and plugin.
struct DescriptionItem {
    std::uint64_t number = 0;
    const Counters* counters = nullptr;
    TimePoint now;
};

struct Outgoing {
    std::uint64_t session = 0;
    bool hello = false;
    std::uint64_t link = 0;  ///< with hello: which of the worker's connections says it
    bool goodbye = false;
    const PongItem* pong = nullptr;
    const RequestCreditItem* credit = nullptr;
    const DescriptionItem* description = nullptr;  ///< alone in its envelope
    std::span<RequestRecord* const> replies;
    std::span<const ReturnItem> returns;
};

enum class TransmitResult : std::uint8_t {
    kSent,
    kLater,  ///< nothing was sent: no connection, or its pipe is full
};

/// The sockets, as the rules see them. Called on the loop, never re-enters Worker.
class Transmitter {
  public:
    virtual TransmitResult Transmit(LinkId link, const Outgoing& outgoing) = 0;

  protected:
    ~Transmitter() = default;
};

/// The handler threads, as the rules see them. Called on the loop, never re-enters Worker.
class Handlers {
  public:
    /// Appends to the FIFO that the threads take from, after RequestRecord::TryStart. What does not
    /// start comes back by Worker::OnNotStarted, all else by Worker::OnFinished.
    virtual void Submit(std::span<RequestRecord* const> requests) = 0;
    /// Takes a request out of that FIFO. False: a thread took it before; it comes back by itself.
    virtual bool Withdraw(RequestRecord& request) = 0;
    /// Tells the plugin that nobody wants the answer any more.
    virtual void Cancel(RequestRecord& request) = 0;
    /// When the last request was taken, if every thread is busy; TimePoint::max() if one is free.
    virtual TimePoint AllBusySince() = 0;

  protected:
    ~Handlers() = default;
};

}  // namespace holdfast::worker
