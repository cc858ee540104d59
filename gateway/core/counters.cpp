#include "gateway/core/counters.h"

namespace holdfast::gateway {
namespace {

constexpr std::string_view kRequestsHelp = "Requests that ended, by outcome.";
constexpr std::string_view kTlsHandshakesHelp =
    "TLS handshakes of clients; failed: also those that ended before they were over.";
constexpr std::string_view kOverloadedHelp =
    "Requests refused as overloaded, by what had no room for them.";
constexpr std::string_view kDroppedHelp = "Replies that found no request of theirs, by reason.";
constexpr std::string_view kMalformedHelp = "Envelopes that could not be used, by reason.";
constexpr std::string_view kWorkersHelp = "Workers' sessions, by what became of them.";

constexpr std::array kTable = std::to_array<CounterInfo>({
    {"connections_accepted_total", "", "", "Client connections accepted."},
    {"connections_refused_total", "", "", "Client connections refused: too many."},
    {"connections_closed_total", "", "", "Client connections closed."},
    {"requests_received_total", "", "", "Requests whose head was read."},
    {"requests_suspended_total", "", "", "Requests that were suspended."},
    {"clients_gone_total", "", "", "Clients that left while their request was suspended."},
    {"received_bytes_total", "", "", "Bytes read from clients."},
    {"sent_bytes_total", "", "", "Bytes written to clients."},
    {"tls_handshakes_total", "result", "done", kTlsHandshakesHelp},
    {"tls_handshakes_total", "result", "failed", kTlsHandshakesHelp},
    {"requests_total", "outcome", "replied", kRequestsHelp},
    {"requests_total", "outcome", "unavailable", kRequestsHelp},
    {"requests_total", "outcome", "overloaded", kRequestsHelp},
    {"requests_total", "outcome", "no-worker", kRequestsHelp},
    {"requests_total", "outcome", "timed-out", kRequestsHelp},
    {"requests_total", "outcome", "worker-lost", kRequestsHelp},
    {"requests_total", "outcome", "worker-error", kRequestsHelp},
    {"requests_total", "outcome", "shutting-down", kRequestsHelp},
    {"requests_total", "outcome", "cancelled", kRequestsHelp},
    {"requests_total", "outcome", "rejected", kRequestsHelp},
    {"overloaded_total", "reason", "connections", kOverloadedHelp},
    {"overloaded_total", "reason", "budget", kOverloadedHelp},
    {"overloaded_total", "reason", "route", kOverloadedHelp},
    {"overloaded_total", "reason", "table", kOverloadedHelp},
    {"overloaded_total", "reason", "queue", kOverloadedHelp},
    {"overloaded_total", "reason", "delay", kOverloadedHelp},
    {"overloaded_total", "reason", "deadline", kOverloadedHelp},
    {"envelopes_sent_total", "", "", "Envelopes given to the socket."},
    {"envelopes_received_total", "", "", "Envelopes taken from the socket."},
    {"attempts_sent_total", "", "", "Requests given to the socket, redispatches included."},
    {"cancels_sent_total", "", "", "Cancels given to the socket."},
    {"replies_received_total", "", "", "Replies in a valid session."},
    {"replies_dropped_total", "reason", "late", kDroppedHelp},
    {"replies_dropped_total", "reason", "duplicate", kDroppedHelp},
    {"replies_dropped_total", "reason", "unknown", kDroppedHelp},
    {"replies_dropped_total", "reason", "not-owner", kDroppedHelp},
    {"returns_received_total", "", "", "Requests handed back unstarted."},
    {"returns_stale_total", "", "", "Returns of requests that the worker no longer had."},
    {"items_of_other_session_total", "", "", "Items dropped: of a session that has ended."},
    {"redispatches_total", "", "", "Requests given to another worker after theirs was lost."},
    {"redispatches_refused_total", "", "", "Redispatches that the service's budget refused."},
    {"workers_total", "event", "welcomed", kWorkersHelp},
    {"workers_total", "event", "refused", kWorkersHelp},
    {"workers_total", "event", "lost", kWorkersHelp},
    {"workers_total", "event", "drained", kWorkersHelp},
    {"sends_full_total", "", "", "Sends put off: the worker's pipe was full."},
    {"sends_unreachable_total", "", "", "Sends refused: the connection was gone."},
    {"descriptions_received_total", "", "",
     "Descriptions of themselves that workers were asked for."},
    {"descriptions_late_total", "", "", "Descriptions that nobody waited for (any more)."},
    {"bus_handshakes_failed_total", "", "",
     "Connections to the bus that ended in their handshake."},
    {"bus_handshakes_refused_total", "", "", "Of these, whose key is not among the workers'."},
    {"malformed_total", "reason", "frames", kMalformedHelp},
    {"malformed_total", "reason", "envelope", kMalformedHelp},
    {"malformed_total", "reason", "too-many-items", kMalformedHelp},
    {"malformed_total", "reason", "too-large", kMalformedHelp},
    {"malformed_total", "reason", "direction", kMalformedHelp},
    {"malformed_total", "reason", "hello", kMalformedHelp},
    {"malformed_total", "reason", "credit", kMalformedHelp},
    {"malformed_total", "reason", "reply", kMalformedHelp},
    {"malformed_total", "reason", "description", kMalformedHelp},
});
static_assert(kTable.size() == kCounterCount, "each counter has its line, in the enum's order");

}  // namespace

const CounterInfo& Describe(Counter counter) {
    return kTable[static_cast<std::size_t>(counter)];
}

void LatencyHistogram::Record(Duration latency) {
    std::size_t bucket = 0;
    while (bucket + 1 < kBuckets && latency > UpperBound(bucket)) ++bucket;
    auto& cell = buckets_[bucket];
    cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    sum_ns_.store(sum_ns_.load(std::memory_order_relaxed) +
                      static_cast<std::uint64_t>(
                          std::chrono::duration_cast<std::chrono::nanoseconds>(latency).count()),
                  std::memory_order_relaxed);
}

}  // namespace holdfast::gateway
