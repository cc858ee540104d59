#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::load {

/// The code points of `text`; each byte that belongs to none, is overlong or a surrogate stands as
/// U+FFFD.
std::vector<std::string_view> Utf8Points(std::string_view text);
/// `text` as valid UTF-8.
std::string ValidUtf8(std::string_view text);

}  // namespace holdfast::load
