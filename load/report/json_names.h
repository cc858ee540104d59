#pragma once

#include <array>
#include <string_view>

#include "load/result/profile.h"
#include "load/result/threshold.h"

namespace holdfast::load {

/// What a result file says it is. The number goes up when a reader of the old form would go wrong.
inline constexpr std::string_view kResultFormat = "holdfast-load-result";
inline constexpr unsigned kResultVersion = 1;

/// In the order of LoadMode.
inline constexpr std::array<std::string_view, 3> kLoadModeNames = {"open", "closed", "find-limit"};
static_assert(static_cast<std::size_t>(LoadMode::kFindLimit) + 1 == kLoadModeNames.size());

/// In the order of Threshold::Compare.
inline constexpr std::array<std::string_view, 5> kCompareNames = {"<", "<=", "==", ">=", ">"};
static_assert(static_cast<std::size_t>(Threshold::Compare::kGreater) + 1 == kCompareNames.size());

constexpr std::string_view Name(LoadMode mode) {
    return kLoadModeNames[static_cast<std::size_t>(mode)];
}
constexpr std::string_view Name(Threshold::Compare compare) {
    return kCompareNames[static_cast<std::size_t>(compare)];
}

}  // namespace holdfast::load
