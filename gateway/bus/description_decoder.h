#pragma once

#include <string_view>

#include "gateway/core/inquiry.h"

namespace holdfast::gateway {

/// A Description from a worker. False when it is larger than CodecLimits allow, holds more counters
/// or settings, or is not a message; its counts are checked before anything is stored for them.
/// Text is cut to its limit and made printable.
/// Thread: any.
bool DecodeDescription(std::string_view bytes, DescriptionItem& description);

}  // namespace holdfast::gateway
