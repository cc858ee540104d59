#include "load/result/figures.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace holdfast::load {
namespace {

double Seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// For how long load was offered after the warm-up.
double LoadSeconds(const Result& result, Span span) {
    std::uint32_t last = span.from;
    for (const Interval& interval : result.intervals) {
        const bool sent = std::any_of(interval.steps.begin(), interval.steps.end(),
                                      [](const StepInterval& step) { return step.sent > 0; });
        if (sent && interval.second >= span.from) last = interval.second + 1;
    }
    const double planned = Seconds(result.load.Length());
    const double until = result.interrupted || planned <= 0 ? last : planned;
    return std::max(0.0, until - span.from);
}

}  // namespace

std::uint64_t StepFigures::Errors() const {
    std::uint64_t sum = 0;
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) sum += errors[kind];
    return sum;
}

std::uint64_t StepFigures::Lost() const {
    std::uint64_t sum = 0;
    for (std::size_t kind = 0; kind < kErrorKinds; ++kind) {
        if (IsLost(static_cast<ErrorKind>(kind))) sum += errors[kind];
    }
    return sum;
}

double StepFigures::ErrorRate() const {
    return Ended() == 0 ? 0 : static_cast<double>(Errors()) / static_cast<double>(Ended());
}

double StepFigures::BlockedShare() const {
    const double total = Seconds(latency.Mean()) * static_cast<double>(latency.count());
    const double waited = Seconds(blocked.Mean()) * static_cast<double>(blocked.count());
    return total > 0 ? std::min(1.0, waited / total) : 0;
}

Span MeasuredSpan(const Result& result) {
    Span span;
    span.from = static_cast<std::uint32_t>(std::ceil(std::max(0.0, Seconds(result.load.warm_up))));
    span.upto = std::numeric_limits<std::uint32_t>::max();
    if (!result.intervals.empty()) {
        span.upto = std::max(span.from, result.intervals.back().second + 1);
    }
    return span;
}

Figures Measure(const Result& result) {
    const Span span = MeasuredSpan(result);
    Figures figures = Measure(result, span);
    figures.seconds = figures.all.seconds = LoadSeconds(result, span);
    for (StepFigures& step : figures.steps) step.seconds = figures.seconds;
    return figures;
}

Figures Measure(const Result& result, Span span) {
    Figures figures;
    figures.steps.resize(result.steps.size());
    std::uint64_t seconds = 0;
    double cpu = 0;  // seconds: a hostile file may name more than a Duration holds
    for (const Interval& interval : result.intervals) {
        if (interval.second < span.from || interval.second >= span.upto) continue;
        ++seconds;
        const std::size_t steps = std::min(interval.steps.size(), figures.steps.size());
        for (std::size_t step = 0; step < steps; ++step) {
            figures.steps[step].Merge(interval.steps[step]);
        }
        figures.slip.Merge(interval.slip);
        figures.most_in_flight = std::max(figures.most_in_flight, interval.in_flight);
        figures.most_waiting = std::max(figures.most_waiting, interval.waiting);
        figures.connects += interval.connects;
        cpu += Seconds(interval.cpu);
    }
    figures.seconds = static_cast<double>(span.upto - span.from);
    figures.all.seconds = figures.seconds;
    for (std::size_t step = 0; step < figures.steps.size(); ++step) {
        figures.steps[step].name = result.steps[step];
        figures.steps[step].seconds = figures.seconds;
        figures.all.Merge(figures.steps[step]);
    }
    if (seconds > 0) {
        figures.cpu_cores = cpu / static_cast<double>(seconds) /
                            static_cast<double>(std::max(1U, result.processes));
    }
    return figures;
}

}  // namespace holdfast::load
