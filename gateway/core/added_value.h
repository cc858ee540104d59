#pragma once

#include <cstddef>

namespace holdfast::gateway {

/// The largest value of one added field, as JSON text: what the largest envelope has room for.
inline constexpr std::size_t kMaxAddedValue = 1024;

}  // namespace holdfast::gateway
