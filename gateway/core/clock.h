#pragma once

#include <chrono>

namespace holdfast::gateway {

/// All time inside the gateway is steady time that a caller passes in; no rule in core reads a
/// clock.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace holdfast::gateway
