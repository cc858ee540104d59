#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::gateway::http {

/// What this gateway knows a header for.
enum class Known : std::uint8_t {
    kOther,
    kHost,
    kContentLength,
    kTransferEncoding,
    kConnection,
    kHopByHop,  ///< the others of RFC 9110, 7.6.1, and those that end here
    kExpect,
    kContentType,
    kForwarded,
    kIdempotencyKey,
    kRequestTimeout,
};

struct HeaderField {
    std::string_view name;
    std::string_view value;
    Known known = Known::kOther;
};

/// A parsed head: views into the bytes that were parsed.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    bool http10 = false;
    std::vector<HeaderField> fields;
};

}  // namespace holdfast::gateway::http
