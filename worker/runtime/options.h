#pragma once

#include <optional>
#include <string>

#include "worker/runtime/invoke.h"
#include "worker/runtime/options_processes.h"
#include "worker/runtime/runtime.h"

namespace holdfast::worker {

struct Options {
    RuntimeOptions runtime;
    std::string log_level = "info";
    std::string log_format = "text";
    ProcessOptions processes;
    bool health = false;   ///< only look at the health file
    std::string describe;  ///< only print what this plugin says of itself
    InvokeOptions invoke;  ///< only give the plugin these requests, unless `from` is empty
    bool json = false;     ///< for machines: what is printed instead of served
    bool attach_wait = false;
};

inline constexpr int kExitDrained = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDrainTimedOut = 3;
inline constexpr int kExitInvokeFailed = 4;

/// The command line over the environment (HOLDFAST_WORKER_...). Nothing when the program is to end
/// at once with `exit_code`: after --help or --version, or with the error printed to stderr.
std::optional<Options> ParseOptions(int argc, char** argv, int& exit_code);

}  // namespace holdfast::worker
