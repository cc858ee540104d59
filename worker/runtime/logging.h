#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::worker {

/// Sends spdlog's default logger to stderr, through a bounded queue that drops the oldest lines
/// when full, with repeated lines folded. `level` is one of spdlog's names, `format` is "text" or
/// "json". Thread: main, before any other is started.
void StartLogging(const std::string& level, const std::string& format,
                  std::optional<std::uint32_t> process = std::nullopt);

/// Writes what is queued. Nothing may be logged afterwards.
void StopLogging();

}  // namespace holdfast::worker
