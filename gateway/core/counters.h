#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/core/clock.h"
#include "gateway/core/outcome.h"

namespace holdfast::gateway {

/// Everything that is counted. The label table in counters.cpp has one line for each, in this
/// order.
enum class Counter : std::uint8_t {
    // the data port
    kConnectionsAccepted,
    kConnectionsRefused,
    kConnectionsClosed,
    kRequestsReceived,
    kRequestsSuspended,
    kClientsGone,
    kBytesReceived,
    kBytesSent,
    kTlsHandshakes,
    kTlsHandshakesFailed,
    // completions, one for each outcome in the order of Outcome
    kOutcomeReplied,
    kOutcomeUnavailable,
    kOutcomeOverloaded,
    kOutcomeNoWorker,
    kOutcomeTimedOut,
    kOutcomeWorkerLost,
    kOutcomeWorkerError,
    kOutcomeShuttingDown,
    kOutcomeCancelled,
    kOutcomeRejected,
    // of these, what made the gateway refuse as overloaded
    kOverloadedConnections,
    kOverloadedBudget,
    kOverloadedRoute,
    kOverloadedTable,
    kOverloadedQueue,
    kOverloadedDelay,
    kOverloadedDeadline,
    // the leg
    kEnvelopesSent,
    kEnvelopesReceived,
    kRequestsSent,
    kCancelsSent,
    kRepliesReceived,
    kRepliesLate,
    kRepliesDuplicate,
    kRepliesUnknown,
    kRepliesNotOwner,
    kReturnsReceived,
    kReturnsStale,
    kItemsOfOtherSession,
    kRedispatches,
    kRedispatchesRefused,
    kWorkersWelcomed,
    kWorkersRefused,
    kWorkersLost,
    kWorkersDrained,
    kSendsFull,
    kSendsUnreachable,
    kDescriptionsReceived,
    kDescriptionsLate,
    kHandshakesFailed,
    kHandshakesRefused,
    // envelopes that could not be used, by reason
    kMalformedFrames,
    kMalformedEnvelope,
    kMalformedTooManyItems,
    kMalformedTooLarge,
    kMalformedDirection,
    kMalformedHello,
    kMalformedCredit,
    kMalformedReply,
    kMalformedDescription,
    kCount,
};

inline constexpr std::size_t kCounterCount = static_cast<std::size_t>(Counter::kCount);

struct CounterInfo {
    std::string_view metric;       ///< Prometheus name, without the holdfast_ prefix
    std::string_view label;        ///< empty, or the label's name
    std::string_view label_value;  ///< empty, or its value
    std::string_view help;
};

const CounterInfo& Describe(Counter counter);

constexpr Counter CounterOf(Outcome outcome) {
    return static_cast<Counter>(static_cast<std::size_t>(Counter::kOutcomeReplied) +
                                static_cast<std::size_t>(outcome));
}

/// Latencies in buckets that double from 64 µs on. One writer, any readers.
class LatencyHistogram {
  public:
    static constexpr std::size_t kBuckets = 22;  ///< the last is +Inf
    static constexpr Duration UpperBound(std::size_t bucket) {
        return std::chrono::microseconds(std::int64_t{64} << bucket);
    }

    void Record(Duration latency);
    std::uint64_t bucket(std::size_t i) const {
        return buckets_[i].load(std::memory_order_relaxed);
    }
    std::uint64_t sum_ns() const { return sum_ns_.load(std::memory_order_relaxed); }

  private:
    std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

/// One thread's counters: that thread adds, any thread reads. Blocks are summed by their readers,
/// so that counting costs no locked instruction.
class alignas(64) CounterBlock {
  public:
    void Add(Counter counter, std::uint64_t amount = 1) {
        auto& cell = cells_[static_cast<std::size_t>(counter)];
        cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    std::uint64_t Get(Counter counter) const {
        return cells_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
    }
    LatencyHistogram& latency() { return latency_; }
    const LatencyHistogram& latency() const { return latency_; }

  private:
    std::array<std::atomic<std::uint64_t>, kCounterCount> cells_{};
    LatencyHistogram latency_;
};

}  // namespace holdfast::gateway
