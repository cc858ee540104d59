#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/core/clock.h"
#include "gateway/core/correlation_id.h"
#include "gateway/core/deferred_result.h"
#include "gateway/core/outcome.h"
#include "gateway/log/log.h"

namespace holdfast::gateway::log {

/// One answered request, or one whose client went away.
struct AccessLine {
    std::string_view client;
    std::string_view method;
    std::string_view target;
    std::string_view route;  ///< empty where none matched
    unsigned status = 0;     ///< 0: no answer was written
    Outcome outcome = Outcome::kReplied;
    CorrelationId id;
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
    Duration duration{};
};

/// A suspended request that did not end in a usable reply: timed out, worker lost, worker error.
struct FailureLine {
    CorrelationId id;
    Outcome outcome = Outcome::kTimedOut;
    Progress progress = Progress::kNeverSent;
    std::uint32_t attempts = 0;
    std::string_view route;
    std::string_view detail;
    TimePoint received{};
    TimePoint answered{};
    Stamps stamps;
};

void WriteAccess(Log& log, const AccessLine& line);

/// With how long each stage took: received → submitted → sent → completed; a stage that was not reached
/// has no figure. Folded by outcome and route, but for a request that was redispatched and lost
/// again: each of those is named, for it may be what ends its workers.
void WriteFailure(Log& log, const FailureLine& line);

}  // namespace holdfast::gateway::log
