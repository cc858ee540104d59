#pragma once

#include <holdfast/worker/plugin.h>

#include <cstdint>
#include <string>

namespace holdfast::worker {

/// Why a plugin's reply breaks its contract (plugin.h, holdfast_reply_v1); empty when it does not.
/// Thread: any.
std::string CheckReply(const holdfast_reply_v1& reply, std::uint64_t max_reply_bytes);

}  // namespace holdfast::worker
