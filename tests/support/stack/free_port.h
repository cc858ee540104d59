#pragma once

#include <cstdint>

namespace holdfast::testing {

/// A port below the ephemeral range that is free now. No other process that asks here, or
/// tests/support/python/free_port.py, is given it while this one lives; this process again only
/// after some 250 others. Thread: one.
std::uint16_t FreePort();

}  // namespace holdfast::testing
