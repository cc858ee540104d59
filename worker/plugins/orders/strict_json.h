#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::orders {

struct JsonResult {
    std::optional<nlohmann::json> value;
    std::string error{};  ///< why there is no value; never quotes the input
};

/// RFC 8259 in UTF-8, and stricter where the RFC leaves a choice: no member twice in an object
/// (readers disagree on which one counts), no nesting deeper than `max_depth`.
JsonResult ParseStrictJson(std::string_view text, int max_depth);

}  // namespace holdfast::orders
