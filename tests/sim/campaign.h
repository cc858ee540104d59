#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "tests/sim/coverage.h"
#include "tests/sim/plan.h"
#include "tests/sim/promise.h"
#include "tests/sim/trial.h"

namespace holdfast::sim {

/// A world in which a promise was broken.
struct Failure {
    Trial trial;
    Promise promise = Promise::kCount;
    std::string what;
    std::uint64_t step = 0;
    Duration at{};  ///< since the beginning of the world
};

/// Runs one world to its end, or until a promise is broken. With `trace_to`, says there what
/// happens, and how every process stands at a failure.
std::optional<Failure> RunTrial(const Trial& trial, const Plan& plan, Coverage& coverage,
                                std::ostream* trace_to = nullptr);

struct Campaign {
    std::uint64_t seed = 1;  ///< of the first world; each next one has one more
    std::uint64_t worlds = 100;
    std::optional<std::chrono::minutes> minutes;  ///< instead of a number of worlds
    unsigned jobs = 1;                            ///< worlds at a time, a thread each
};

struct CampaignResult {
    Coverage coverage;
    std::optional<Failure> failure;  ///< the first by seed, whatever the number of threads
};

CampaignResult RunCampaign(const Campaign& campaign);

/// The smallest world found in which the same promise is broken: without gateways, workers, faults
/// and requests that it does not need. Bounded by `patience`.
Failure Shrink(const Failure& failure, const Plan& plan, std::chrono::seconds patience);

}  // namespace holdfast::sim
