#pragma once

#include <string_view>

#include "gateway/core/outcome.h"
#include "gateway/http/reject.h"

namespace holdfast::gateway::http {

/// What a client is told of a request that no worker answered (RFC 9457).
struct ProblemAnswer {
    unsigned status = 0;
    std::string_view slug;  ///< the type is urn:holdfast:problem:<slug>
    std::string_view title;
    std::string_view detail;
    Outcome outcome = Outcome::kRejected;
    /// The Holdfast-Processed header: whether a worker processed the request, as far as is known.
    Progress processed = Progress::kNeverSent;
    bool retry_after = false;
};

/// The one place where outcomes become HTTP. For kReplied the reply's own status stands, and for
/// kCancelled nobody is left to answer: both give status 0.
ProblemAnswer AnswerFor(Outcome outcome, Progress progress);

ProblemAnswer AnswerFor(Reject reject);

/// RFC 9110's phrase; empty for a status that it does not name.
std::string_view ReasonPhrase(unsigned status);

}  // namespace holdfast::gateway::http
