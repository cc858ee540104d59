#pragma once

#include <cstddef>
#include <string>

#include "gateway/core/clock.h"
#include "gateway/core/field_list.h"
#include "gateway/core/route.h"

namespace holdfast::gateway {

/// What Application 1 hands to Application 2. Written by the session, then read by the bus thread
/// only.
struct Request {
    const Route* route = nullptr;  ///< never null once submitted
    std::string method;
    std::string target;  ///< normalised path and query
    FieldList parameters;
    FieldList headers;  ///< lower-case names, hop-by-hop ones dropped
    FieldList attributes;
    std::string idempotency_key;
    std::string body;
    /// A safe method, or the route says so, or it has a key that the service honours: it may be
    /// redispatched after its worker was lost.
    bool idempotent = false;
    TimePoint received{};
    TimePoint deadline{};

    /// The sum of the lengths that the wire's byte credits count (proto/README.md).
    std::size_t PayloadBytes() const;
};

}  // namespace holdfast::gateway
