#pragma once

#include <vector>

#include "load/engine/target.h"
#include "load/engine/tls.h"

namespace holdfast::load {

/// Connects once, and ends the connection again. The address that took it comes to the front of
/// `addresses`. Blocks, at most 5 s for each address. `tls` is null for http. Throws TargetError:
/// one line that says where, what, and what to do.
void ProbeTarget(const Endpoint& endpoint, std::vector<Address>& addresses, const TlsContext* tls);

}  // namespace holdfast::load
