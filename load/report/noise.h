#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "load/result/result.h"

namespace holdfast::load {

/// One figure that two runs are compared by.
struct ComparedFigure {
    enum class Unit : std::uint8_t { kDuration, kRate, kShare };

    std::string_view name;
    Unit unit;
    bool less_is_better;
};

inline constexpr ComparedFigure kComparedFigures[] = {
    {"latency p50", ComparedFigure::Unit::kDuration, true},
    {"latency p90", ComparedFigure::Unit::kDuration, true},
    {"latency p99", ComparedFigure::Unit::kDuration, true},
    {"latency p99.9", ComparedFigure::Unit::kDuration, true},
    {"latency mean", ComparedFigure::Unit::kDuration, true},
    {"service time p50", ComparedFigure::Unit::kDuration, true},
    {"service time p99", ComparedFigure::Unit::kDuration, true},
    {"answers/s", ComparedFigure::Unit::kRate, false},
    {"error rate", ComparedFigure::Unit::kShare, true},
};
inline constexpr std::size_t kComparedCount = std::size(kComparedFigures);

/// In the order of kComparedFigures: seconds, answers per second, a share.
using FigureValues = std::array<double, kComparedCount>;

/// The measured seconds of a run cut into blocks of equal length, to be put together anew at
/// random: how a figure varies over the blocks says how well one run knows it (block bootstrap;
/// Künsch 1989). Whole seconds in blocks keep what hangs together within them, such as a pause.
class Blocks {
  public:
    static constexpr std::size_t kFewest = 8;  ///< below it nothing can be said
    static constexpr std::size_t kMost = 40;

    /// Of one step, or of all together.
    Blocks(const Result& result, std::optional<std::size_t> step);

    bool Enough() const { return blocks_.size() >= kFewest; }
    /// Of the run as it was.
    FigureValues Measured() const;
    /// Of as many blocks, drawn with replacement.
    FigureValues Resampled(std::mt19937_64& random) const;

  private:
    /// (place in values_, count)
    using Sparse = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    struct Block {
        Sparse latency;
        Sparse service_time;
        std::uint64_t answered = 0;
        std::uint64_t ended = 0;
        std::uint64_t errors = 0;
    };

    FigureValues Of(const std::vector<const Block*>& chosen) const;

    std::vector<Block> blocks_;
    std::vector<double> values_;  // seconds; every bucket's upper end that occurs, ascending
    double block_seconds_ = 1;
};

/// What can be said of one figure of two runs.
struct Difference {
    double before = 0;
    double after = 0;
    /// Of after / before, with 99 % confidence; both zero where a draw had nothing to divide by.
    double lowest = 0;
    double highest = 0;
    enum class Verdict : std::uint8_t { kSame, kNoise, kLess, kMore, kTooShort } verdict;
};

/// In the order of kComparedFigures; the same for the same runs. A difference is noise when its
/// 99 % interval holds zero, or when it is below what the histograms can tell (1/64 of a duration).
std::array<Difference, kComparedCount> Differences(const Blocks& before, const Blocks& after);

}  // namespace holdfast::load
