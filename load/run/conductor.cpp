#include "load/run/conductor.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "load/report/format.h"
#include "load/result/evaluate.h"
#include "load/run/limit_search.h"

namespace holdfast::load {
namespace {

/// Beyond the drain, for generators that are slow to end.
constexpr std::chrono::seconds kGrace(10);

std::string Name(const LostGenerator& lost, std::uint32_t processes) {
    return "generator " + std::to_string(lost.process + 1) + " of " + std::to_string(processes) +
           " " + lost.reason + " in second " + std::to_string(lost.second);
}

}  // namespace

void Conductor::Run(TimePoint run_start) {
    run_start_ = run_start;
    if (settings_.load.mode == LoadMode::kFindLimit) return SearchLimit();
    RunRound(0, settings_.load.stages, 0);
    Conclude(result_, settings_.thresholds);
}

std::vector<Interval> Conductor::RunRound(std::uint32_t number, std::vector<Stage> stages,
                                          std::uint32_t offset) {
    const Round round{.number = number,
                      .start = run_start_ + std::chrono::seconds(offset),
                      .stages = std::move(stages)};
    const auto patience = std::chrono::ceil<std::chrono::milliseconds>(settings_.drain) + kGrace;
    RoundResult done = fleet_.Run(round, settings_.stop, patience, [&](const Interval& interval) {
        if (!settings_.on_second) return;
        Interval shown = interval;
        shown.second += offset;
        settings_.on_second(shown);
    });
    const bool open = settings_.load.mode != LoadMode::kClosed;
    const std::uint64_t missing = open ? CountMissing(round, settings_.processes, done) : 0;
    for (const LostGenerator& lost : done.lost) {
        result_.warnings.push_back(Name(lost, settings_.processes) +
                                   ": from then on its share of the load is missing");
        incomplete_ = true;
    }
    if (missing > 0) {
        result_.warnings.push_back(std::to_string(missing) +
                                   " journeys of lost generators were never begun: they count as "
                                   "unsent");
    }
    if (done.ledger_lost > 0) {
        result_.warnings.push_back(
            std::to_string(done.ledger_lost) + " of " + std::to_string(done.ledger_recorded) +
            " lines of the ledger could not be written: " + done.ledger_trouble);
        incomplete_ = true;
    }
    result_.interrupted = result_.interrupted || done.interrupted;
    for (Interval interval : done.intervals) {
        interval.second += offset;
        result_.intervals.push_back(std::move(interval));
    }
    return std::move(done.intervals);
}

void Conductor::SearchLimit() {
    const auto& asked = settings_.load.find_limit;
    LimitSearch search(asked.lowest, asked.highest, asked.precision);
    std::uint32_t number = 0;
    std::uint32_t offset = 0;
    while (const auto rate = search.Next()) {
        if (!WaitUntil(run_start_ + std::chrono::seconds(offset))) break;
        const auto intervals =
            RunRound(++number, {{.from = *rate, .to = *rate, .length = asked.probe}}, offset);
        if (result_.interrupted || incomplete_) break;
        std::vector<ThresholdResult> thresholds;
        const ProbeResult probe = Judge(*rate, intervals, thresholds);
        search.Tell(*rate, probe.passed);
        // The thresholds shown are those at the limit; when nothing passes, the last ones.
        if (probe.passed || !search.limit()) result_.thresholds = thresholds;
        result_.probes.push_back(probe);
        if (settings_.say) {
            settings_.say(FormatRate(*rate) + "/s " +
                          (probe.passed ? "passed" : "failed: " + probe.why));
        }
        const Duration since = Clock::now() - run_start_ + settings_.settle;
        offset = static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(since).count());
        if (!result_.intervals.empty()) {
            offset = std::max(offset, result_.intervals.back().second + 1);
        }
    }
    result_.limit = search.limit();
    if (search.AboveHighest()) {
        result_.warnings.push_back("even the highest rate passed: the limit lies at " +
                                   FormatRate(asked.highest) + "/s or above");
    }
}

ProbeResult Conductor::Judge(double rate, const std::vector<Interval>& intervals,
                             std::vector<ThresholdResult>& thresholds) {
    Result alone;
    alone.load = settings_.load;
    alone.load.mode = LoadMode::kOpen;
    alone.load.stages = {{.from = rate, .to = rate, .length = settings_.load.find_limit.probe}};
    alone.processes = settings_.processes;
    alone.steps = settings_.steps;
    alone.intervals = intervals;
    Conclude(alone, settings_.thresholds);
    thresholds = alone.thresholds;
    ProbeResult probe{.rate = rate, .passed = true, .why = {}};
    for (const ThresholdResult& one : alone.thresholds) {
        if (one.passed) continue;
        probe.passed = false;
        probe.why = one.threshold.text + ", measured " +
                    (one.no_data ? "nothing" : FormatMeasured(one.threshold, one.measured));
        break;
    }
    // A generator that cannot keep up says nothing of the server, neither good nor bad.
    if (alone.generator_was_bottleneck) {
        result_.generator_was_bottleneck = true;
        if (probe.passed) probe.why = "the generator was the bottleneck";
        probe.passed = false;
        result_.warnings.push_back("at " + FormatRate(rate) + "/s: " + alone.warnings.back());
    }
    return probe;
}

bool Conductor::WaitUntil(TimePoint time) const {
    pollfd stop{.fd = settings_.stop, .events = POLLIN, .revents = 0};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
        // Rounds are ordered a little ahead of their start.
        if (left <= std::chrono::milliseconds(100)) return true;
        if (poll(&stop, 1, static_cast<int>(left.count() - 100)) > 0) {
            result_.interrupted = true;
            return false;
        }
    }
}

}  // namespace holdfast::load
