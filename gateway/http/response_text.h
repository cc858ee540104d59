#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/core/correlation_id.h"
#include "gateway/core/outcome.h"
#include "gateway/core/reply.h"
#include "gateway/http/outcome_response.h"

namespace holdfast::gateway::http {

/// What every answer needs to know of its request and its connection.
struct ResponseContext {
    CorrelationId id;
    std::string_view date;          ///< IMF-fixdate
    std::string_view server_name;   ///< empty: no Server header
    std::uint64_t retry_after = 0;  ///< seconds
    bool keep_alive = false;
    bool http10 = false;
    bool head_request = false;  ///< the answer's body is described, not written
};

/// Appends a whole answer with an application/problem+json body. `allow`: the Allow header's value,
/// or empty.
void AppendProblem(std::string& to, const ResponseContext& context, const ProblemAnswer& answer,
                   std::string_view allow);

/// Appends the head of a worker's reply, which FindFault has passed, up to and with the empty line.
void AppendReplyHead(std::string& to, const ResponseContext& context, const Reply& reply);

/// Appends a worker's reply, which FindFault has passed. A small body goes behind the head; a
/// larger one stays in `reply`, to be sent from where it is. What was copied is freed at once,
/// because the reply's charge stands for one copy only.
void AppendReply(std::string& to, const ResponseContext& context, Reply& reply);

/// Appends a whole 204 that answers OPTIONS.
void AppendOptions(std::string& to, const ResponseContext& context, std::string_view allow);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::string FormatHttpDate(std::int64_t seconds_since_1970);

}  // namespace holdfast::gateway::http
