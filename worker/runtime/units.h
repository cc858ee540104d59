#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "worker/core/clock.h"

namespace holdfast::worker {

/// "64MiB", "512KiB", "2GiB", "100B" or "100"; nothing for anything else, or zero.
std::optional<std::uint64_t> ParseSize(std::string_view text);

/// "30s", "300ms", "2m"; nothing for anything else, or zero.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace holdfast::worker
