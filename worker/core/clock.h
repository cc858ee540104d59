#pragma once

#include <chrono>

namespace holdfast::worker {

/// All time inside the worker is steady time that a caller passes in; no rule in core reads a
/// clock.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace holdfast::worker
