#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::gateway {

/// How a request ended. Every accepted request has exactly one.
enum class Outcome : std::uint8_t {
    kReplied,       ///< a worker answered
    kUnavailable,   ///< a worker answered that it did not process the request
    kOverloaded,    ///< a budget, a queue or a connection limit was full
    kNoWorker,      ///< no live worker of the service
    kTimedOut,      ///< the deadline passed
    kWorkerLost,    ///< the worker that had it is gone, and no other could take it
    kWorkerError,   ///< the plugin failed, or its reply broke the contract
    kShuttingDown,  ///< the gateway is going away
    kCancelled,     ///< the client went away; nobody is left to answer
    kRejected,      ///< the input was refused before it was suspended
    kCount,
};

/// How far the request is known to have come. "Not processed, safe to retry" is said for kNeverSent
/// only: no attempt was ever given to the socket, or each was handed back unstarted.
enum class Progress : std::uint8_t { kNeverSent, kSent, kStarted };

inline constexpr std::size_t kOutcomeCount = static_cast<std::size_t>(Outcome::kCount);

/// The word used in the Holdfast-Outcome header, problem types, metrics and logs: "timed-out".
std::string_view Name(Outcome outcome);

/// "no", "unknown" or "started": whether a worker processed the request.
std::string_view Name(Progress progress);

}  // namespace holdfast::gateway
