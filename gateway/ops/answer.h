#pragma once

#include <string>
#include <string_view>

namespace holdfast::gateway::ops {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kProblemJson = "application/problem+json";

/// What an endpoint says.
struct Answer {
    int status = 200;
    std::string_view content_type = kJson;
    std::string body;
    std::string_view allow = {};  ///< with 405
};

/// RFC 9457. `type` is the last part of the problem's URI.
Answer Problem(int status, std::string_view type, std::string_view title, std::string_view detail);

}  // namespace holdfast::gateway::ops
