#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/core/reply.h"

namespace holdfast::gateway::http {

/// Why a worker's reply cannot be passed on; nothing when it can. Checks the status (200..599),
/// each header's name and value, their sum, Content-Length against the body, and that 204, 205 and
/// 304 come without a body. `head_request`: the worker may leave the body out and say how long it
/// would be.
std::optional<std::string_view> FindFault(const Reply& reply, std::size_t header_limit,
                                          bool head_request);

/// Whether the gateway speaks for itself here and drops the worker's: hop-by-hop headers,
/// Content-Length, Date, and Holdfast-*.
bool IsDroppedFromReply(std::string_view name);

/// Whether an answer with this status has no Content-Length.
constexpr bool HasNoLength(std::uint32_t status) {
    return status == 204 || status == 304;
}

}  // namespace holdfast::gateway::http
