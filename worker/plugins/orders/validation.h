#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "worker/plugins/orders/order.h"

namespace holdfast::orders {

inline constexpr std::size_t kMaxLines = 100;
inline constexpr std::size_t kMaxCustomerBytes = 128;
inline constexpr std::size_t kMaxSkuBytes = 64;
inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

/// Reads the body of POST /v1/orders. Every rule that needs no database is checked here; the first
/// one broken is returned, with its field.
std::variant<OrderRequest, Problem> ParseOrderRequest(std::string_view body);

/// A problem unless `key` is empty or 1 to 255 printable ASCII characters.
std::optional<Problem> CheckIdempotencyKey(std::string_view key);

/// The UUID in lower case; nothing unless `text` has the form 8-4-4-4-12 of hexadecimal digits.
std::optional<std::string> ParseUuid(std::string_view text);

/// SHA-256 (64 hexadecimal digits) of what the request means: the same for two bodies that differ
/// only in white space, order of members or escapes.
std::string Fingerprint(const OrderRequest& request);

}  // namespace holdfast::orders
