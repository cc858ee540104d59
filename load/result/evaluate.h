#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/result/figures.h"
#include "load/result/result.h"
#include "load/result/threshold.h"

namespace holdfast::load {

/// Whether a threshold can be set on `figure`: p50 … p99.99 (any number above 0 and below 100),
/// mean, min, max, each also as good.…, service.…, blocked.… and slip.…; sent, answered, good,
/// errors, error_rate, lost, rate, sent_rate, good_rate, blocked_share, cpu, and the kinds of
/// errors by their names.
bool IsFigure(std::string_view figure);
/// Those above in words, for messages.
std::string_view FigureNames();

/// One threshold against what was measured. A percentile, a mean or a rate of errors of nothing at
/// all does not pass. Throws std::invalid_argument when the figure or the step is unknown.
ThresholdResult Evaluate(const Threshold& threshold, const Figures& figures);

/// The generator's own part in what was measured.
struct Assessment {
    bool bottleneck = false;
    std::string sentence;  ///< for people; empty when it was none
};
/// The generator was the bottleneck when its processes kept 90 % of a core busy, or when it woke so
/// late (slip's p99 above 1 ms and above a tenth of the latency's p99) that the latencies are its
/// own.
Assessment Assess(const Figures& figures);

/// Fills in what follows from the intervals: thresholds, and the assessment with its warning.
/// Throws as Evaluate.
void Conclude(Result& result, const std::vector<Threshold>& thresholds);

}  // namespace holdfast::load
