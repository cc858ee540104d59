#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/config/config.h"

// Single values and the way they are written. Thread: any; pure functions.
namespace holdfast::gateway::config {

/// A value as the table moves it between text and the plain structs. An enumerator is its index.
using Value = std::variant<bool, std::uint64_t, std::chrono::nanoseconds, std::string,
                           std::vector<std::string>, std::vector<AddedField>>;

/// Either a value, or a short reason why the text is none (may be empty where nothing helps).
template <class T>
struct Parsed {
    std::optional<T> value;
    std::string reason;
};

Parsed<std::uint64_t> ParseCount(std::string_view text);
/// Bytes: 1000, 4KiB, 64MiB, 1GiB.
Parsed<std::uint64_t> ParseSize(std::string_view text);
/// 250ms, 5s, 2m; zero needs no unit.
Parsed<std::chrono::nanoseconds> ParseDuration(std::string_view text);
/// uuid7, received_at, body.NAME, path.NAME, header.NAME.
Parsed<Source> ParseSource(std::string_view text);

/// The shortest text that parses to the same value.
std::string FormatSize(std::uint64_t bytes);
std::string FormatDuration(std::chrono::nanoseconds duration);
std::string FormatSource(const Source& source);

/// Text that somebody else wrote, for a message: in quotes, cut short, without control characters.
std::string Quoted(std::string_view text);

}  // namespace holdfast::gateway::config
