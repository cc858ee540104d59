#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::gateway::http {

/// Why a request was refused before it was suspended. The table in reject.cpp has one line for
/// each, in this order.
enum class Reject : std::uint8_t {
    kPlainHttp,
    kRequestLine,
    kHeaderLine,
    kBareCr,
    kBareLf,
    kControlByte,
    kObsFold,
    kSpaceInName,
    kHostMissing,
    kHostRepeated,
    kHostInvalid,
    kHostMismatch,
    kLengthInvalid,
    kLengthRepeated,
    kLengthWithCoding,
    kLengthRequired,
    kCodingInHttp10,
    kCodingInvalid,
    kCodingUnknown,
    kConnectionInvalid,
    kChunkInvalid,
    kVersion,
    kRequestLineTooLong,
    kHeadersTooLarge,
    kTooManyHeaders,
    kMethodUnknown,
    kTargetInvalid,
    kTargetEncoding,
    kTargetAboveRoot,
    kNotFound,
    kMethodNotAllowed,
    kMediaType,
    kExpectation,
    kBodyTooLarge,
    kTimeoutInvalid,
    kIdempotencyKeyInvalid,
    kAddedValueTooLarge,
    kHeadTimeout,
    kBodyTimeout,
    kCount,
};

inline constexpr std::size_t kRejectCount = static_cast<std::size_t>(Reject::kCount);

struct RejectInfo {
    unsigned status;
    std::string_view slug;  ///< stable: the problem type's last part
    std::string_view detail;
};

const RejectInfo& Describe(Reject reject);

}  // namespace holdfast::gateway::http
