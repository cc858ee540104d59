#pragma once

#include <functional>
#include <string>
#include <vector>

#include "load/result/result.h"
#include "load/run/fleet.h"

namespace holdfast::load {

/// Runs what a profile asks for on a fleet, one round or the rounds of a search, and puts their
/// intervals on one time axis. Thread: that of the fleet.
class Conductor {
  public:
    struct Settings {
        LoadProfile load;
        std::vector<Threshold> thresholds;
        std::vector<std::string> steps;
        std::uint32_t processes = 1;
        Duration drain{};
        Duration settle{};  ///< between the probes of a search
        int stop = -1;      ///< readable: end early
        std::function<void(const Interval&)> on_second;
        std::function<void(const std::string&)> say;  ///< a line for people
    };

    /// `result` is filled in: intervals, probes, limit, thresholds, warnings, interrupted.
    /// Everything outlives it.
    Conductor(Fleet& fleet, Settings settings, Result& result)
        : fleet_(fleet), settings_(std::move(settings)), result_(result) {}

    /// `run_start` lies a little ahead. Returns when all is over.
    void Run(TimePoint run_start);

    /// Something is missing from what was measured: a generator or lines of the ledger.
    bool incomplete() const { return incomplete_; }

  private:
    /// Runs it from `offset` seconds after the run's start on, takes its intervals over, and
    /// returns them by the round's own seconds.
    std::vector<Interval> RunRound(std::uint32_t number, std::vector<Stage> stages,
                                   std::uint32_t offset);
    void SearchLimit();
    ProbeResult Judge(double rate, const std::vector<Interval>& intervals,
                      std::vector<ThresholdResult>& thresholds);
    bool WaitUntil(TimePoint time) const;

    Fleet& fleet_;
    const Settings settings_;
    Result& result_;
    TimePoint run_start_;
    bool incomplete_ = false;
};

}  // namespace holdfast::load
