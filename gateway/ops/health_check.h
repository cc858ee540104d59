#pragma once

#include <cstdint>
#include <string>

namespace holdfast::gateway {

/// Asks the ops port at `address` for /healthz and prints one line: 0 healthy, 1 not, or not
/// reached within 2 s in all. An address that means "every interface" is asked on loopback.
///
/// Thread: any; blocks up to 2 s.
int CheckHealth(const std::string& address, std::uint16_t port);

}  // namespace holdfast::gateway
