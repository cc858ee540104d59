#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::load {

/// "p99<250ms", "error_rate<0.1%", "lost==0", "rate>=900", "step.create.p95<80ms".
struct Threshold {
    enum class Compare : std::uint8_t { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater };

    std::string text;    ///< as it was given
    std::string step;    ///< empty: all steps together
    std::string figure;  ///< p50 … p99.99, mean, max, error_rate, errors, lost, rate, crossed, …
    Compare compare = Compare::kLess;
    double bound = 0;  ///< seconds for durations, a fraction for percentages, else as it stands
};

/// Throws std::invalid_argument with what would be right.
Threshold ParseThreshold(std::string_view text);

}  // namespace holdfast::load
