#include "load/run/run_options.h"

#include <algorithm>
#include <stdexcept>

#include "load/result/evaluate.h"
#include "load/run/exit_code.h"

namespace holdfast::load {
namespace {

constexpr Duration kUsualLength = std::chrono::seconds(60);

/// Beside its connections: standard streams, channel, ledger, epoll, timers, the feeders' files.
constexpr std::uint64_t kReservedDescriptors = 64;

/// How long a load that the command line makes anew lasts.
Duration LengthOf(const LoadProfile& file, const RunOptions& options) {
    if (options.duration) return *options.duration;
    return file.Length() > Duration::zero() ? file.Length() : kUsualLength;
}

void SetOpen(LoadProfile& load, double from, double to, Duration length) {
    load.mode = LoadMode::kOpen;
    load.stages = {{.from = from, .to = to, .length = length}};
}

void SetDuration(LoadProfile& load, Duration duration) {
    if (load.mode == LoadMode::kFindLimit) {
        throw UsageError(
            "--duration does not go with a search for the limit: --probe is the "
            "length of one probe");
    }
    if (load.stages.size() > 1) {
        throw UsageError("--duration: the flow's load has " + std::to_string(load.stages.size()) +
                         " stages, give --rate or --ramp too");
    }
    if (load.stages.empty()) load.stages.emplace_back();
    load.stages[0].length = duration;
}

}  // namespace

LoadProfile DecideLoad(const LoadProfile& file, const RunOptions& options) {
    LoadProfile load = file;
    const Duration length = LengthOf(file, options);
    if (options.rate) {
        SetOpen(load, *options.rate, *options.rate, length);
    } else if (options.ramp) {
        SetOpen(load, options.ramp->first, options.ramp->second, length);
    } else if (options.closed) {
        load.mode = LoadMode::kClosed;
        load.stages = {{.from = 0, .to = 0, .length = length}};
    } else if (options.find_limit) {
        load.mode = LoadMode::kFindLimit;
        load.stages.clear();
        load.find_limit.lowest = options.find_limit->first;
        load.find_limit.highest = options.find_limit->second;
    } else if (options.duration) {
        SetDuration(load, *options.duration);
    }
    if (options.find_limit && options.duration) SetDuration(load, *options.duration);
    if (options.probe) load.find_limit.probe = *options.probe;
    if (options.users) {
        if (load.mode != LoadMode::kClosed) throw UsageError("--users needs --closed");
        load.users = *options.users;
    }
    if (options.connections) load.connections = *options.connections;
    // Each user of a closed loop has a connection of its own, unless it is told otherwise.
    if (load.mode == LoadMode::kClosed && !options.connections && options.users) {
        load.connections = load.users;
    }
    if (options.warm_up) load.warm_up = *options.warm_up;
    if (load.LastsTooLong()) throw UsageError("the load lasts longer than a year");
    if (load.mode != LoadMode::kFindLimit && load.Length() <= Duration::zero()) {
        throw UsageError("the flow names no load: give --rate and --duration");
    }
    const Duration measured =
        load.mode == LoadMode::kFindLimit ? load.find_limit.probe : load.Length();
    if (load.warm_up >= measured) {
        throw UsageError("--warm-up leaves nothing to measure: it must be shorter than the load");
    }
    return load;
}

std::vector<Threshold> DecideThresholds(const Flow& flow, const RunOptions& options) {
    std::vector<Threshold> thresholds = flow.thresholds;
    try {
        for (const std::string& text : options.thresholds) {
            thresholds.push_back(ParseThreshold(text));
        }
        Figures nothing;
        for (const StepName& step : flow.steps) {
            nothing.steps.emplace_back();
            nothing.steps.back().name = step.name;
        }
        for (const Threshold& threshold : thresholds) Evaluate(threshold, nothing);
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
    return thresholds;
}

std::uint32_t DecideProcesses(const LoadProfile& load, std::optional<std::uint32_t> asked,
                              std::uint64_t descriptors) {
    const std::uint64_t room =
        descriptors > kReservedDescriptors ? descriptors - kReservedDescriptors : 1;
    const std::uint64_t needed = (load.connections + room - 1) / room;
    const std::uint64_t processes = asked.value_or(static_cast<std::uint32_t>(needed));
    if (processes < needed) {
        throw UsageError(std::to_string(load.connections) + " connections do not fit " +
                         std::to_string(processes) + " processes of " +
                         std::to_string(descriptors) + " descriptors each: --processes " +
                         std::to_string(needed) + " would do");
    }
    const std::uint64_t most =
        load.mode == LoadMode::kClosed ? std::min(load.users, load.connections) : load.connections;
    if (processes > most) {
        throw UsageError("--processes " + std::to_string(processes) + ": there are only " +
                         std::to_string(most) + " connections or users to share");
    }
    return static_cast<std::uint32_t>(processes);
}

}  // namespace holdfast::load
