#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "worker/core/clock.h"
#include "worker/core/intrusive_list.h"

namespace holdfast::worker {

/// One connection to a gateway, as the loop numbers them; never reused within a process.
struct LinkId {
    std::uint64_t value = 0;
    friend constexpr bool operator==(LinkId, LinkId) = default;
};

/// The content of a request. Core never looks into it.
class RequestPayload {
  public:
    RequestPayload() = default;
    virtual ~RequestPayload() = default;
    RequestPayload(const RequestPayload&) = delete;
    RequestPayload& operator=(const RequestPayload&) = delete;
};

/// How long a gateway's unstarted requests may still be started. Written by the loop, read by every
/// thread that takes a request: a process that was stopped finds it in the past when it wakes.
class Lease {
  public:
    bool Holds(TimePoint now) const {
        return now.time_since_epoch().count() <= until_.load(std::memory_order_acquire);
    }
    void RenewUntil(TimePoint until) {
        until_.store(until.time_since_epoch().count(), std::memory_order_release);
    }
    void End() { RenewUntil(TimePoint::min()); }

  private:
    std::atomic<TimePoint::rep> until_{TimePoint::min().time_since_epoch().count()};
};

enum class ReplyKind : std::uint8_t { kAnswered, kFailed, kNotProcessed };

struct ReplyItem {
    ReplyKind kind = ReplyKind::kAnswered;
    std::uint64_t payload_bytes = 0;
    std::string encoded;  ///< the whole reply, in whatever form the transmitter wants; opaque here
    std::string detail;   ///< only of a failure that core itself decided; then `encoded` is empty
};

enum class StartVerdict : std::uint8_t { kStart, kExpired, kLeaseLost };

/// One request from its arrival until its reply is sent or it is dropped.
///
/// Owner: Worker. Thread: the loop, except where a group says otherwise.
struct RequestRecord {
    // Constant while a handler may see it; any thread.
    LinkId link;
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    std::uint64_t sequence = 0;
    std::uint64_t payload_bytes = 0;
    std::uint64_t max_reply_bytes = 0;
    TimePoint arrived;
    TimePoint deadline;
    const Lease* lease = nullptr;
    std::unique_ptr<RequestPayload> payload;

    /// The last check before the plugin sees the request. The caller holds whatever also guards
    /// Handlers::Withdraw, so that a request is either started or withdrawn.
    StartVerdict TryStart(TimePoint now) {
        if (now >= deadline) return StartVerdict::kExpired;
        if (!lease->Holds(now)) return StartVerdict::kLeaseLost;
        started_at.store(now.time_since_epoch().count(), std::memory_order_release);
        return StartVerdict::kStart;
    }
    bool Started() const { return started_at.load(std::memory_order_acquire) != 0; }
    TimePoint StartedAt() const {
        return TimePoint(Duration(started_at.load(std::memory_order_acquire)));
    }

    std::atomic<TimePoint::rep> started_at{0};  ///< any thread

    // For whoever implements Handlers.
    ListHook<RequestRecord> queue;
    std::uint32_t handler_slot = 0;  ///< constant once set: it survives the record's reuse

    // The loop's.
    enum class State : std::uint8_t {
        kFree,
        kArrived,   ///< received in this turn
        kHanded,    ///< with the handlers: waiting, or running
        kReplying,  ///< finished; the reply waits for credit or for the socket
    };
    State state = State::kFree;
    bool cancelled = false;
    bool credited = false;    ///< counted as done, with its reply in the next envelope
    bool in_running = false;  ///< seen to be started: in its link's list of those
    bool orphan = false;      ///< its session is over: the reply goes nowhere
    /// What it counts in Worker's held bytes: its payload, or its reply where that is larger; 0
    /// once the reply is in the next envelope.
    std::uint64_t counted_bytes = 0;
    ReplyItem reply;
    ListHook<RequestRecord> place;
    RequestRecord* next_in_bucket = nullptr;
};

}  // namespace holdfast::worker
