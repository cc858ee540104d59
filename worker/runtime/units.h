#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "worker/core/clock.h"

namespace holdfast::worker {

/// "64MiB", "512KiB", "2GiB", "100B" or "100"; nothing for anything else, or zero.
std::optional<std::uint64_t> ParseSize(std::string_view text);

/// What ParseDuration takes, for people. The most is far from where a sum with a clock's time would
/// overflow.
inline constexpr const char* kDurationRule = "a duration such as 30s, a year at most";

/// "30s", "300ms", "2m"; nothing for anything else, zero, or more than a year.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace holdfast::worker
