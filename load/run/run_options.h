#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/engine/engine.h"
#include "load/flow/flow.h"
#include "load/result/clock.h"
#include "load/result/profile.h"
#include "load/result/threshold.h"

namespace holdfast::load {

/// `holdfast-load run`, as the command line gives it. What is not given is as in the flow file.
struct RunOptions {
    std::string flow;
    Target target;
    std::optional<double> rate;
    std::optional<Duration> duration;
    std::optional<std::pair<double, double>> ramp;
    std::optional<std::pair<double, double>> find_limit;
    std::optional<Duration> probe;
    bool closed = false;
    std::optional<std::uint32_t> users;
    std::optional<std::uint32_t> connections;
    std::optional<std::uint32_t> processes;
    std::optional<Duration> warm_up;
    std::optional<Duration> drain;
    Duration Drain() const { return drain.value_or(std::chrono::seconds(10)); }
    std::optional<std::uint64_t> seed;
    std::string ops;
    std::string ledger;
    std::string database;
    std::vector<std::string> thresholds;
    std::string out;  ///< folder for all four
    std::string html;
    std::string json;
    std::string csv;
    std::string junit;
    bool trace = false;
    bool no_checks = false;
    bool quiet = false;
};

/// The load: what the flow file says, and over it what the command line says. Throws UsageError.
LoadProfile DecideLoad(const LoadProfile& file, const RunOptions& options);

/// The flow's thresholds and the command line's, each known to have its figure and step. Throws
/// UsageError.
std::vector<Threshold> DecideThresholds(const Flow& flow, const RunOptions& options);

/// As many as were asked for, or as few as the descriptors of one process allow. Throws UsageError
/// when it cannot be done. `descriptors` is what one process may have.
std::uint32_t DecideProcesses(const LoadProfile& load, std::optional<std::uint32_t> asked,
                              std::uint64_t descriptors);

}  // namespace holdfast::load
