#pragma once

#include <holdfast/worker/plugin.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "worker/core/request_record.h"

namespace holdfast::worker {

/// A decoded request as views of the envelope it came in.
struct RequestView {
    enum Group : std::size_t { kParameters, kHeaders, kAttributes, kGroups };
    struct FieldView {
        std::string_view name;
        std::string_view value;
    };

    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    std::uint64_t sequence = 0;
    std::uint32_t timeout_ms = 0;
    std::string_view service, route, method, target, idempotency_key, body;
    std::vector<FieldView> fields[kGroups];

    void Clear();
    /// The sum of the lengths of all strings and bytes.
    std::uint64_t PayloadBytes() const;
    std::size_t FieldCount() const;
};

/// One request as the plugin sees it, copied out of its envelope into a single allocation, so that
/// one slow request does not keep the whole envelope.
///
/// Owner: its RequestRecord. Thread: any; constant once made.
class RequestBlock final : public RequestPayload {
  public:
    static std::unique_ptr<RequestPayload> Make(const RequestView& request);

    const holdfast_request_v1& request() const { return request_; }

    // The memory is longer than the class says.
    static void operator delete(void* memory) { ::operator delete(memory); }

  private:
    RequestBlock() = default;

    holdfast_request_v1 request_{};
};

}  // namespace holdfast::worker
