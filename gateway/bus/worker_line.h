#pragma once

#include <string>

#include "gateway/core/peer.h"

namespace holdfast::gateway {

/// What happened to a worker's session, as a line of the log. `hello` is what a welcomed worker
/// said.
std::string LineFor(const WorkerEvent& event, const HelloItem& hello);

}  // namespace holdfast::gateway
