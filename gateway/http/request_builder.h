#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/request.h"
#include "gateway/http/framing.h"
#include "gateway/http/reject.h"
#include "gateway/http/request_head.h"
#include "gateway/http/router.h"

namespace holdfast::gateway::http {

/// What the gateway itself takes from a request's headers.
struct RequestTerms {
    Duration timeout{};  ///< the route's, or what Request-Timeout-Ms lowers it to
    std::string_view idempotency_key;
};

std::optional<Reject> ReadTerms(const RequestHead& head, const Route& route, RequestTerms& into);

/// Whether the route takes a body with this head's Content-Type.
bool TakesMediaType(const RequestHead& head, const Route& route);

/// Everything of one request that its core counterpart is made from.
struct RequestSource {
    const RequestHead& head;
    const Framing& framing;
    const Endpoint::Entry& entry;
    const std::vector<std::string_view>& parameters;
    const RequestTerms& terms;
    std::string_view path;   ///< normalised
    std::string_view query;  ///< with its question mark
    std::string_view client;
    bool is_tls = false;
};

/// Copies what the worker gets, without body, attributes and times. Header names become lower-case;
/// hop-by-hop headers, those that Connection names and those that end here are left out; Forwarded
/// (RFC 7239) is added, with what Host said and whether it came over
/// TLS.
Request BuildRequest(const RequestSource& source);

}  // namespace holdfast::gateway::http
