#pragma once

#include <cstdint>
#include <string>

#include "load/engine/engine.h"
#include "load/flow/flow.h"

namespace holdfast::load {

/// What every generator of a run has in common.
struct GeneratorSettings {
    const Flow& flow;  ///< outlives it
    Target target;
    LoadProfile load;  ///< of all generators together
    std::string run;
    std::uint64_t seed = 0;
    std::uint32_t processes = 1;
    Duration drain = std::chrono::seconds(10);
    bool checks = true;
    std::string ledger;  ///< path; empty: none
};

/// A generator process: looks whether the target is there, runs the rounds that its parent orders,
/// tells of each second, ends when the parent closes the channel. The exit status.
int RunGenerator(const GeneratorSettings& settings, std::uint32_t process, int channel);

/// Of a round: each has marks of its own.
std::string RunOfRound(const std::string& run, std::uint32_t round);

}  // namespace holdfast::load
