#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace holdfast::gateway::http {

/// One member of a JSON object: its decoded name, and its value as it stands in the text.
struct JsonMember {
    std::string_view name;
    std::string_view value;
};

/// Calls `visit` with each top-level member of a JSON object, in order. False, with nothing
/// visited, when `text` is not valid JSON or not an object. Values are not copied and numbers keep
/// all their digits; the depth of nesting costs no stack.
bool ForEachMember(std::string_view text, const std::function<void(const JsonMember&)>& visit);

/// What stands between a JSON string's quotes, decoded. `token` is valid and has its quotes.
std::string DecodeJsonString(std::string_view token);

/// Appends `text` as a JSON string; bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string& to, std::string_view text);

}  // namespace holdfast::gateway::http
