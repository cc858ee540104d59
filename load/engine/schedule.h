#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "load/result/clock.h"
#include "load/result/profile.h"

namespace holdfast::load {

/// When the journeys of one process begin. The arrival rate of the stages, integrated, gives how
/// many should have begun by a time; the k-th begins when that reaches k. The counts are exact, and
/// the times evenly spaced at each moment's rate. Of N processes with equal shares each is shifted
/// by its part of a spacing, so that together they are as evenly spaced as one.
///
/// Pure arithmetic: no clock, no thread of its own.
class Schedule {
  public:
    /// `stages` hold this process's share of the rates.
    Schedule(std::vector<Stage> stages, std::uint32_t process, std::uint32_t processes);

    /// Since the run's start; never less than the one before. Nothing: no more begin.
    std::optional<Duration> next() const { return next_; }
    /// Of the one that begins then; unique over all processes.
    std::uint64_t number() const;
    void Advance();

    /// How many begin in all, those that have begun included.
    std::uint64_t total() const { return total_; }
    Duration length() const { return length_; }

  private:
    void FindNext();

    std::vector<Stage> stages_;
    std::uint32_t process_;
    std::uint32_t processes_;
    Duration length_{};
    std::uint64_t total_ = 0;

    std::uint64_t index_ = 0;  ///< of the next one in this process
    std::size_t stage_ = 0;    ///< in which it begins
    double before_stage_ = 0;  ///< begun before that stage
    Duration start_of_stage_{};
    std::optional<Duration> next_;
};

}  // namespace holdfast::load
