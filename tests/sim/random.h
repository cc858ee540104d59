#pragma once

#include <cstdint>

#include "gateway/core/clock.h"

namespace holdfast::sim {

using gateway::Duration;
using gateway::TimePoint;

/// Chance in a world (SplitMix64: Steele, Lea and Flood, OOPSLA 2014): the same seed gives the same
/// numbers on every machine. Each thing in a world has a stream of its own, made from the world's
/// seed and the thing's numbers, so that what is taken out of a world changes little of the rest.
class Random {
  public:
    template <typename... Numbers>
    explicit Random(std::uint64_t seed, Numbers... numbers) : state_(seed) {
        ((state_ = Next() ^ static_cast<std::uint64_t>(numbers)), ...);
    }

    std::uint64_t Next() {
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }
    std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
    std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
        return low + Below(high - low + 1);
    }
    bool Chance(std::uint64_t percent) { return Below(100) < percent; }
    Duration Between(Duration low, Duration high) {
        return Duration(static_cast<Duration::rep>(Between(
            static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count()))));
    }

  private:
    std::uint64_t state_;
};

/// The streams of a world, beside the numbers of whatever has one.
enum class Stream : std::uint8_t { kPlan, kGateway, kWorker, kLies, kConnection, kService };

}  // namespace holdfast::sim
