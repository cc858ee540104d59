#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "load/result/clock.h"

// Values as people write them, in flow files and on the command line. Thread: any; pure functions.
namespace holdfast::load {

/// What would be right, for the end of a message.
inline constexpr std::string_view kDurationRule = "a duration such as 250ms, 1.5s or 2m";
inline constexpr std::string_view kRateRule = "a rate above 0, such as 500 or 500/s, 90/m";
inline constexpr std::string_view kSizeRule = "a number of bytes such as 100, 4KiB or 1MiB";
inline constexpr std::string_view kShareRule = "a share such as 0.1% or 0.001";

/// ns, us, ms, s, m or h, fractions allowed; zero needs no unit. Not negative, at most ten years.
std::optional<Duration> ParseDuration(std::string_view text);
/// Per second. Above zero, at most ten million.
std::optional<double> ParseRate(std::string_view text);
/// Bytes; KiB, MiB and GiB are powers of 1024.
std::optional<std::uint64_t> ParseSize(std::string_view text);
/// "5%" and "0.05" alike. Not negative.
std::optional<double> ParseShare(std::string_view text);
/// A whole number without sign, nothing else.
std::optional<std::uint64_t> ParseCount(std::string_view text);
/// A finite decimal number.
std::optional<double> ParseNumber(std::string_view text);

/// Text that somebody else wrote, for a message: in quotes, cut short, without control characters.
std::string Quoted(std::string_view text);
/// "a, b, c"
std::string Listed(std::span<const std::string_view> words);
/// "did you mean 'rate'?" when one of `known` is so near that it was probably meant, otherwise
/// "known are a, b, c".
std::string Suggestion(std::string_view unknown, std::span<const std::string_view> known);

}  // namespace holdfast::load
