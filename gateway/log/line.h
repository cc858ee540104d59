#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/log/log.h"

namespace holdfast::gateway::log {

/// "info": the word that lines carry.
std::string_view Name(Level level);

/// Appends a client's text so that it can neither end the line nor steer a terminal: control
/// characters and bytes that are not UTF-8 are escaped, and quotes and backslashes too when
/// `in_quotes`. In JSON the result is the inside of a string.
void AppendEscaped(std::string& out, std::string_view text, Format format, bool in_quotes);

/// Builds one line, without time and line end, in `out` (cleared first), of at most `max_bytes`. A
/// field that does not fit is left out, and the line says so. For text `level message key=value`;
/// for JSON the members of the object, without its braces.
void BuildLine(std::string& out, Format format, Level level, std::string_view message,
               Fields fields, std::uint64_t repeats, std::size_t max_bytes);

}  // namespace holdfast::gateway::log
