#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/core/clock.h"
#include "gateway/core/correlation_id.h"
#include "gateway/core/deferred_result.h"
#include "gateway/core/outcome.h"

// What the data port has to tell of a request, and the log to write. Views are valid during the
// call.
namespace holdfast::gateway {

/// One answered request, or one whose client went away.
struct AccessRecord {
    std::string_view client;
    std::string_view method;
    std::string_view target;
    std::string_view route;  ///< the pattern; empty where none matched
    unsigned status = 0;     ///< 0: no answer was written
    Outcome outcome = Outcome::kReplied;
    CorrelationId id;
    std::uint64_t request_bytes = 0;   ///< of the body
    std::uint64_t response_bytes = 0;  ///< head and body
    Duration duration{};               ///< from the head's arrival to the answer
};

/// A suspended request that did not end in a usable reply.
struct FailureRecord {
    CorrelationId id;
    Outcome outcome = Outcome::kWorkerError;
    Progress progress = Progress::kNeverSent;
    std::uint32_t attempts = 0;
    std::string_view route;
    std::string_view detail;  ///< the worker's, or why its reply was refused
    TimePoint received{};
    TimePoint answered{};
    Stamps stamps;
};

}  // namespace holdfast::gateway
