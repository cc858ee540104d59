#pragma once

#include <optional>
#include <string_view>

#include "gateway/http/reject.h"
#include "gateway/http/request_head.h"

namespace holdfast::gateway::http {

/// Parses one whole head, which HeadScanner has passed, with Beast's parser. `into` is overwritten;
/// its views point into `head`. Allocates nothing once `into.fields` has grown.
std::optional<Reject> ParseHead(std::string_view head, RequestHead& into);

}  // namespace holdfast::gateway::http
