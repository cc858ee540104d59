#pragma once

#include "gateway/core/records.h"
#include "gateway/log/log.h"

namespace holdfast::gateway::log {

void WriteAccess(Log& log, const AccessRecord& record);

/// With how long each stage took: received → submitted → sent → completed; a stage that was not
/// reached has no figure. Folded by outcome and route, but for a request that was redispatched and
/// lost again: each of those is named, for it may be what ends its workers.
void WriteFailure(Log& log, const FailureRecord& record);

}  // namespace holdfast::gateway::log
