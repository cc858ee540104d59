#pragma once

#include "worker/supervisor/supervision.h"

namespace holdfast::worker {

/// Writes it to the log. `serving`: the generation that goes on when a reload has failed.
/// Thread: the supervisor's.
void Log(const Notice& notice, const SupervisionRules& rules, std::uint32_t serving);

}  // namespace holdfast::worker
