#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/core/field_list.h"
#include "gateway/core/request.h"
#include "gateway/core/route.h"
#include "gateway/http/uuid7.h"

namespace holdfast::gateway::http {

/// Application 1's part of a request, made before the request is suspended.
struct OwnPart {
    FieldList attributes;  ///< for the worker: strings as they are, other JSON as its text
    std::string members;   ///< for the answer: `"name":value,"name":value`
    /// The first addition whose value is larger than kMaxAddedValue; then nothing was made.
    const Addition* too_large = nullptr;

    /// What it holds in memory.
    std::size_t bytes() const { return attributes.bytes() + members.capacity(); }
};

/// Makes what the route says that Application 1 adds. A field whose source is absent (no such
/// header, the body is no JSON object, no such member) is left out: the worker judges the request.
OwnPart MakeOwnPart(const Request& request, WallTime received, Uuid7Generator& ids);

/// Puts Application 1's members before those of the worker's JSON object; where both have a name
/// the worker's value stands. Any other text is left as it is. The worker's own bytes are not
/// re-written.
void MergeOwnPart(std::string_view own_members, std::string& reply_body);

/// Whether a reply may be merged: 2xx and a JSON media type (application/json or +json).
bool IsMergeable(std::uint32_t status, std::string_view content_type);

}  // namespace holdfast::gateway::http
