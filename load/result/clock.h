#pragma once

#include <chrono>

namespace holdfast::load {

/// Monotonic and the same for every process of this machine: the generator's processes agree on
/// the moment at which a run starts.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;

}  // namespace holdfast::load
