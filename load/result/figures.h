#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/result/error_kind.h"
#include "load/result/histogram.h"
#include "load/result/interval.h"
#include "load/result/result.h"

namespace holdfast::load {

/// What a span of a run adds up to, for one step or for all together. docs/load-result.md defines
/// each figure; the reports and the thresholds have them from here only.
struct StepFigures : StepInterval {
    std::string name;    ///< empty: all steps together
    double seconds = 0;  ///< what rates are per

    std::uint64_t Good() const { return errors[0]; }
    /// All that ended with an error.
    std::uint64_t Errors() const;
    /// Ended, well or not.
    std::uint64_t Ended() const { return Good() + Errors(); }
    std::uint64_t Lost() const;
    std::uint64_t Of(ErrorKind kind) const { return errors[static_cast<std::size_t>(kind)]; }

    /// Errors of all that ended, 0 to 1; zero when nothing ended.
    double ErrorRate() const;
    double SentRate() const { return PerSecond(sent); }
    double AnsweredRate() const { return PerSecond(answered); }
    double GoodRate() const { return PerSecond(Good()); }
    /// How much of the latency was spent waiting for a free connection, 0 to 1.
    double BlockedShare() const;

  private:
    double PerSecond(std::uint64_t count) const {
        return seconds > 0 ? static_cast<double>(count) / seconds : 0;
    }
};

struct Figures {
    double seconds = 0;
    StepFigures all;
    std::vector<StepFigures> steps;  ///< by step number
    Histogram slip;
    double cpu_cores = 0;  ///< cores that one generator process kept busy, on average
    std::uint64_t most_in_flight = 0;
    std::uint64_t most_waiting = 0;
    std::uint64_t connects = 0;
};

/// Seconds of a run, `upto` excluded.
struct Span {
    std::uint32_t from = 0;
    std::uint32_t upto = 0;
};

/// From the warm-up's end to the run's last interval.
Span MeasuredSpan(const Result& result);
/// All but the warm-up. What was sent within it counts although its answer came in the drain, so
/// rates are per second of load, not of load and drain.
Figures Measure(const Result& result);
/// Of some seconds, such as a probe of a search.
Figures Measure(const Result& result, Span span);

}  // namespace holdfast::load
