#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/reject.h"

namespace holdfast::gateway::http {

/// A request target, taken apart (RFC 9112, 3.2).
struct Target {
    enum class Form : std::uint8_t { kPath, kAsterisk };
    Form form = Form::kPath;
    std::string_view path;   ///< as sent
    std::string_view query;  ///< as sent, with its question mark; empty without one
};

/// Understands origin-form, absolute-form (its authority must be `host`) and, for OPTIONS, the
/// asterisk. CONNECT is not known here.
std::optional<Reject> ParseTarget(std::string_view method, std::string_view target,
                                  std::string_view host, Target& into);

/// The one spelling of a path (RFC 3986, 6.2.2): unreserved characters are decoded, all other
/// escapes stay, in upper case (an encoded slash never becomes a separator); characters that a path
/// cannot hold are escaped; dot segments are removed, after the decoding. `into` is overwritten.
std::optional<Reject> NormalisePath(std::string_view path, std::string& into);

}  // namespace holdfast::gateway::http
