#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::gateway {

/// `text` from a stranger, fit for any log: at most `max_bytes` of valid UTF-8 without control
/// characters. Control characters become spaces; where the bytes are not UTF-8, each that is not
/// ASCII becomes '?'. Never cuts a character in two.
std::string Printable(std::string_view text, std::size_t max_bytes);

}  // namespace holdfast::gateway
