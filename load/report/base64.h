#pragma once

#include <string>
#include <string_view>

namespace holdfast::load {

/// RFC 4648, section 4, with padding.
std::string ToBase64(std::string_view bytes);
/// False when `text` is not of that form.
bool FromBase64(std::string_view text, std::string& bytes);

}  // namespace holdfast::load
