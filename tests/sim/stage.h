#pragma once

#include <cstdint>
#include <iosfwd>

#include "tests/sim/coverage.h"
#include "tests/sim/ledger.h"
#include "tests/sim/network.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/trace.h"

namespace holdfast::sim {

/// What all processes of a world share: its clock, its network, and those who look on.
struct Stage {
    Stage(std::uint64_t its_seed, std::size_t gateways, Duration longest_delay,
          Coverage& its_coverage, std::ostream* trace_to)
        : seed(its_seed),
          coverage(its_coverage),
          trace(scheduler, trace_to),
          network(scheduler, coverage, seed, longest_delay),
          ledger(gateways, coverage) {}

    const std::uint64_t seed;
    Coverage& coverage;
    Scheduler scheduler;
    Trace trace;
    Network network;
    Ledger ledger;
};

}  // namespace holdfast::sim
