#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/result/clock.h"
#include "load/result/interval.h"
#include "load/result/profile.h"
#include "load/result/threshold.h"

namespace holdfast::load {

/// One look at the gateway's ops port.
struct OpsSample {
    double second = 0;  ///< since the run's start
    std::uint64_t pending_requests = 0;
    std::uint64_t pending_bytes = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t workers = 0;
    double cpu_seconds = 0;
};

/// One line on the plots.
struct Mark {
    double second = 0;
    std::string label;
    bool failed = false;  ///< the trouble could not be made; `label` says why
};

struct ThresholdResult {
    Threshold threshold;
    double measured = 0;   ///< in the unit of the threshold's bound
    bool no_data = false;  ///< nothing was measured that it could be about: not passed
    bool passed = false;
};

/// One rate of a search for the limit.
struct ProbeResult {
    double rate = 0;
    bool passed = false;
    std::string why;  ///< the first threshold that failed
};

/// All of a run: what the reports are made from, and what result JSON holds.
struct Result {
    std::string flow;
    std::string run;
    std::uint64_t seed = 0;
    std::string target;
    std::string version;
    std::string machine;  ///< kernel, CPU, cores
    std::chrono::system_clock::time_point started;
    LoadProfile load;
    std::uint32_t processes = 1;
    std::vector<std::string> steps;   ///< names, by step number
    std::vector<Interval> intervals;  ///< by second, all processes merged
    std::vector<OpsSample> ops;
    std::vector<Mark> marks;
    std::vector<ThresholdResult> thresholds;
    std::vector<ProbeResult> probes;        ///< kFindLimit
    std::optional<double> limit;            ///< kFindLimit: the highest rate that passed
    bool generator_was_bottleneck = false;  ///< see Assess
    std::vector<std::string> warnings;
    bool interrupted = false;
};

}  // namespace holdfast::load
