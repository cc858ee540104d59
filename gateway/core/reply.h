#pragma once

#include <cstdint>
#include <string>

#include "gateway/core/field_list.h"
#include "gateway/core/reply_budget.h"

namespace holdfast::gateway {

/// A worker's part of the response. Its bytes stay charged until the response is written or
/// dropped.
struct Reply {
    enum class Kind : std::uint8_t { kAnswered, kFailed, kNotProcessed };
    Kind kind = Kind::kAnswered;
    std::uint32_t status = 0;  ///< as received: the session validates it
    FieldList headers;
    std::string body;
    std::string detail;  ///< for the log, never for the client
    ReplyCharge charge;
};

}  // namespace holdfast::gateway
