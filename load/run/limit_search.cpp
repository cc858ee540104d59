#include "load/run/limit_search.h"

#include <algorithm>
#include <cmath>

namespace holdfast::load {

std::optional<double> LimitSearch::Next() const {
    const double low = passed_.value_or(lowest_);
    const double high = failed_.value_or(highest_);
    if (high / low > 1 + precision_) {
        // Whole rates from ten on: people read them.
        const double middle = std::sqrt(low * high);
        const double rounded = middle >= 10 ? std::round(middle) : middle;
        if (rounded > low && rounded < high) return rounded;
    }
    // What was only assumed of the bounds is looked at last: mostly it need not be.
    if (!passed_ && (!failed_ || lowest_ < *failed_)) return lowest_;
    if (!failed_ && *passed_ < highest_) return highest_;
    return std::nullopt;
}

void LimitSearch::Tell(double rate, bool passed) {
    if (passed) {
        passed_ = std::max(passed_.value_or(rate), rate);
    } else {
        failed_ = std::min(failed_.value_or(rate), rate);
    }
}

}  // namespace holdfast::load
