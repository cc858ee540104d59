#pragma once

#include <cstdint>
#include <vector>

#include "load/result/clock.h"

namespace holdfast::load {

/// The arrival rate goes linearly from `from` to `to`, in journeys per second.
struct Stage {
    double from = 0;
    double to = 0;
    Duration length{};
};

enum class LoadMode : std::uint8_t {
    kOpen,       ///< journeys begin by the clock, whatever the server does
    kClosed,     ///< each user begins the next when the last has ended: hides waiting
    kFindLimit,  ///< open, at rates chosen by a binary search within the thresholds
};

/// The load as the flow file (`load:`) and the command line give it. `constant`, `ramp`, `steps`
/// and `spike` of the file all become stages.
struct LoadProfile {
    static constexpr Duration kLongest = std::chrono::hours(366 * 24);  ///< all stages together

    LoadMode mode = LoadMode::kOpen;
    std::vector<Stage> stages;       ///< kOpen; for kClosed one stage whose length counts
    std::uint32_t users = 1;         ///< kClosed
    std::uint32_t connections = 64;  ///< most at once, over all processes
    Duration warm_up{};  ///< at the start; recorded, but outside of the result's figures
    struct {
        double lowest = 100;
        double highest = 100'000;
        double precision = 0.05;  ///< relative
        Duration probe = std::chrono::seconds(10);
    } find_limit;

    /// Whether the stages together last longer than kLongest; Length may be asked of no such load.
    bool LastsTooLong() const;
    /// Of all stages, the warm-up included. Zero for kFindLimit: its search ends when it ends.
    Duration Length() const;
};

}  // namespace holdfast::load
