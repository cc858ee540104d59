#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/peer.h"
#include "gateway/core/pending_table.h"

namespace holdfast::gateway {

/// What the gateway knows of one worker's session.
struct Worker {
    enum class Suspicion : std::uint8_t { kNone, kSilent, kUnreachable };

    std::uint32_t index = 0;
    PeerId peer;
    std::uint64_t session = 0;
    HelloItem hello;
    std::vector<std::uint32_t> services;  ///< the ones that routes name
    bool draining = false;                ///< said Goodbye

    // Its requests. Outstanding is both lists together.
    SlotList assigned;
    SlotList sent;
    std::uint32_t suspects = 0;  ///< among them
    std::uint64_t last_sequence = 0;
    std::uint64_t started_through = 0;

    // Credit, as totals of the session. Sent counts what is assigned, too.
    RequestCreditItem granted;
    std::uint64_t requests_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t reply_bytes_granted = 0;
    std::uint64_t reply_bytes_received = 0;

    // Liveness.
    TimePoint last_heard{};
    TimePoint greeted{};  ///< when its Hello came
    TimePoint next_ping{};
    TimePoint blocked_until{};  ///< its pipe was full
    TimePoint last_return{};    ///< when it last handed a request back
    std::uint64_t pings = 0;
    std::uint64_t describes = 0;  ///< the number of the last one sent
    PongItem pong;
    Suspicion suspicion = Suspicion::kNone;

    // What the next envelope carries, beside `assigned`.
    bool welcome_due = true;
    bool ping_due = true;
    bool reply_credit_due = true;
    bool goodbye_ack_due = false;
    std::uint64_t describe_due = 0;  ///< the number of a Describe; 0: none
    /// It can take requests again without having said so: one was taken back, or its suspect ended.
    bool pump_due = false;
    std::vector<OutgoingCancel> cancels;

    std::uint64_t replies = 0;

    std::size_t outstanding() const { return assigned.size() + sent.size(); }
    /// The byte credit may be exceeded by the last request, so that no size is too large for a
    /// window.
    bool HasCredit() const {
        return requests_sent < granted.requests_total && bytes_sent < granted.bytes_total;
    }
    std::uint64_t reply_bytes_outstanding() const {
        return reply_bytes_granted > reply_bytes_received
                   ? reply_bytes_granted - reply_bytes_received
                   : 0;
    }
    bool HasOutgoing() const {
        return welcome_due || ping_due || reply_credit_due || goodbye_ack_due ||
               describe_due != 0 || !cancels.empty() || !assigned.empty();
    }
};

/// The workers that have a session, by connection and by index, at most `capacity`.
///
/// Thread: the bus thread. Owner: the Dispatcher. A Worker stays where it is until it is removed.
class WorkerRegistry {
  public:
    WorkerRegistry(std::uint32_t capacity, std::uint64_t first_session)
        : capacity_(capacity), next_session_(first_session | 1) {}

    /// Null when the registry is full.
    Worker* Add(PeerId peer, HelloItem hello, TimePoint now);
    void Remove(Worker& worker);

    Worker* Find(PeerId peer);
    Worker* FindInstance(const std::string& instance);
    Worker& operator[](std::uint32_t index) { return *workers_[index]; }
    const Worker& operator[](std::uint32_t index) const { return *workers_[index]; }

    void Suspect(Worker& worker, Worker::Suspicion suspicion);
    void Spare(Worker& worker);
    bool HasSuspected() const { return suspected_ != 0; }

    template <typename Visitor>
    void ForEach(Visitor&& visit) {
        // By index: the visitor may remove the worker that it is given.
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            if (workers_[i]) visit(*workers_[i]);
        }
    }
    template <typename Visitor>
    void ForEach(Visitor&& visit) const {
        for (const auto& worker : workers_) {
            if (worker) visit(std::as_const(*worker));
        }
    }

  private:
    const std::uint32_t capacity_;
    std::uint64_t next_session_;
    std::vector<std::unique_ptr<Worker>> workers_;  ///< by index; null where free
    std::unordered_map<std::uint64_t, std::uint32_t> by_peer_;
    std::size_t suspected_ = 0;
};

}  // namespace holdfast::gateway
