#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "worker/runtime/plugin_host.h"

namespace holdfast::worker {

struct InvokeOptions {
    std::string from;                   ///< a file, a folder of *.json, or - for stdin
    std::size_t repeat = 1;             ///< each request so often
    std::optional<Duration> timeout{};  ///< instead of what the request says
    std::optional<Duration> cancel_after{};
};

/// A deadline for requests that name none.
inline constexpr Duration kInvokeTimeout = std::chrono::seconds(30);

/// Gives recorded requests to the plugin, without a gateway, and prints how each ended.
/// Returns the program's exit code: kExitInvokeFailed when one of them was not answered. `json`: a
/// line of JSON for each request.
int Invoke(const std::string& plugin, const PluginConfig& config, const InvokeOptions& options,
           bool json);

}  // namespace holdfast::worker
