#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/http/reject.h"
#include "gateway/http/request_head.h"

namespace holdfast::gateway::http {

/// Where this request's body ends, and what becomes of the connection after it.
struct Framing {
    bool chunked = false;
    std::uint64_t length = 0;  ///< of the body, when not chunked
    bool keep_alive = false;
    bool expects_continue = false;
    bool expects_other = false;           ///< an Expect that is not understood
    bool has_connection_options = false;  ///< Connection nominates headers other than its own words
    std::string_view host;

    bool has_body() const { return chunked || length > 0; }
};

/// The rules of RFC 9112 on which two servers in a row must agree: exactly one Host, one
/// unambiguous length. Anything that another parser could read differently is refused, and the
/// connection must then be closed.
std::optional<Reject> CheckFraming(const RequestHead& head, Framing& into);

/// Whether `text` is uri-host [":" port] (RFC 9112, 3.2).
bool IsValidHost(std::string_view text);

}  // namespace holdfast::gateway::http
