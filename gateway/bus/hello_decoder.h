#pragma once

#include <string_view>

#include "gateway/core/peer.h"

namespace holdfast::gateway {

/// A Hello's bytes into `hello`; false when they are malformed or its names are unusable: the
/// instance and each service have one, of visible ASCII and of token characters (RFC 9110, 5.6.2),
/// within CodecLimits. Of a Hello of another protocol only the version and the instance are taken,
/// to refuse it by. Any thread.
bool DecodeHello(std::string_view bytes, HelloItem& hello);

}  // namespace holdfast::gateway
