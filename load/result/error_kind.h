#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::load {

/// Why a request did not end well, from its client's side. Each request has at most one: the first
/// that applies, in this order.
enum class ErrorKind : std::uint8_t {
    kNone,
    kConnect,       ///< no connection: refused, unreachable, TLS failed; nothing was sent
    kTimeout,       ///< sent, and no whole answer within the step's timeout: lost
    kDisconnected,  ///< sent, and the connection ended before a whole answer: lost
    kMalformed,     ///< the answer is not HTTP, or more than was asked for came: a double
    kCrossed,       ///< the answer carries another request's mark
    kDuplicate,     ///< a value that must be unique (an order's id) came twice
    kTotals,        ///< an order whose sums do not add up
    kStatus,        ///< a status that the step does not expect
    kCheck,         ///< another check of the step failed, or an extraction found nothing
    kUnsent,        ///< the run ended, or a feeder ran out, before it was sent
};

inline constexpr std::size_t kErrorKinds = 11;

/// As they stand in results, in the order of the enum.
inline constexpr std::array<std::string_view, kErrorKinds> kErrorKindNames = {
    "none",      "connect", "timeout", "disconnected", "malformed", "crossed",
    "duplicate", "totals",  "status",  "check",        "unsent"};
static_assert(static_cast<std::size_t>(ErrorKind::kUnsent) + 1 == kErrorKinds);

constexpr std::string_view Name(ErrorKind kind) {
    return kErrorKindNames[static_cast<std::size_t>(kind)];
}

/// Sent, and its client never learned what became of it.
constexpr bool IsLost(ErrorKind kind) {
    return kind == ErrorKind::kTimeout || kind == ErrorKind::kDisconnected;
}

}  // namespace holdfast::load
