#pragma once

#include <string>
#include <string_view>

namespace holdfast::load {

/// For element content and attribute values of HTML and XML: the five characters as entities, and
/// what XML 1.0 (section 2.2) allows in no form as U+FFFD.
std::string EscapeMarkup(std::string_view text);

}  // namespace holdfast::load
