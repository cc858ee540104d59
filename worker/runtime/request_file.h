#pragma once

#include <holdfast/worker/plugin.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/core/clock.h"
#include "worker/core/request_record.h"

namespace holdfast::worker {

/// A request as a file holds it: one JSON object, which docs/plugins.md describes. What --record
/// writes, --invoke reads.
struct RequestFile {
    using Fields = std::vector<std::pair<std::string, std::string>>;

    std::uint64_t correlation_id = 0x1234;
    std::uint32_t attempt = 1;
    std::string service{};  ///< empty: the first that the plugin serves
    std::string route{};    ///< empty: the target's path
    std::string method{};   ///< empty: POST with a body, else GET
    std::string target = "/";
    std::string idempotency_key{};
    std::string body{};
    Fields parameters{};
    Fields headers{};
    Fields attributes{};
    std::optional<Duration> timeout{};

    /// The request for the plugin; `service` if this names none. It owns a copy of everything.
    std::unique_ptr<RequestPayload> MakePayload(const std::string& default_service) const;
    std::string Method() const { return !method.empty() ? method : body.empty() ? "GET" : "POST"; }
};

/// what() is "name:line:column: what is wrong and what would be right".
class RequestFileError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Throws RequestFileError.
RequestFile ParseRequestFile(std::string_view text, const std::string& name);

inline constexpr std::string_view kRedacted = "REDACTED";

/// The headers named in `redacted`, in lower case, lose their values.
RequestFile CopyRequest(const holdfast_request_v1& request, Duration timeout,
                        const std::set<std::string, std::less<>>& redacted);

std::string FormatRequestFile(const RequestFile& request);

}  // namespace holdfast::worker
