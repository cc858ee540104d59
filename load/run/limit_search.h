#pragma once

#include <optional>

namespace holdfast::load {

/// Searches for the highest rate that passes, between two bounds, by halving their ratio: a rate
/// above one that failed, or below one that passed, is never asked for. Pure.
class LimitSearch {
  public:
    /// `precision` is relative: 0.05 ends when the limit is known within 5 %.
    LimitSearch(double lowest, double highest, double precision)
        : lowest_(lowest), highest_(highest), precision_(precision) {}

    /// The rate to try next; nothing when the search is over.
    std::optional<double> Next() const;
    /// What became of the rate that Next gave.
    void Tell(double rate, bool passed);

    /// The highest rate that passed; nothing when none did.
    std::optional<double> limit() const { return passed_; }
    /// Even the highest rate passed: the limit lies there or above.
    bool AboveHighest() const { return passed_ && *passed_ >= highest_; }

  private:
    double lowest_;
    double highest_;
    double precision_;
    std::optional<double> passed_;
    std::optional<double> failed_;
};

}  // namespace holdfast::load
