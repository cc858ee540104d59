#pragma once

#include <cstdint>
#include <random>

#include "gateway/core/clock.h"

namespace holdfast::sim {

using gateway::Duration;
using gateway::TimePoint;

/// The only source of chance in a world: the same seed gives the same world, on every machine.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
    std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
        return low + Below(high - low + 1);
    }
    bool Chance(std::uint64_t percent) { return Below(100) < percent; }
    Duration Between(Duration low, Duration high) {
        return Duration(static_cast<Duration::rep>(Between(
            static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count()))));
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace holdfast::sim
