#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace holdfast::load {

/// A trouble cannot be made: one line that says why.
struct TroubleError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The process that was meant does not run any more, or was never started.
struct ProcessGone : TroubleError {
    using TroubleError::TroubleError;
};

/// A process, told apart by its start time from a later one that was given the same number.
struct ProcessRef {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;  ///< since boot, as /proc/PID/stat has it

    friend bool operator==(const ProcessRef&, const ProcessRef&) = default;
};

/// Nothing when there is no such process, or it has ended and was not yet reaped.
std::optional<ProcessRef> FindProcess(pid_t pid);

/// The process that a pid file names. It must run, belong to this user, be neither this process nor
/// init, and not be younger than the file, or else the file speaks of one that has ended. The file
/// must belong to this user or to root, and not be for all to write. Throws ProcessGone when there
/// is no file or no process, else TroubleError.
ProcessRef ReadPidFile(const std::string& path);

/// Sends it to this very process, never to another one with its number. Throws ProcessGone or
/// TroubleError.
void SignalProcess(const ProcessRef& process, int signal);

/// False when it still runs after `patience_ms`.
bool WaitForEnd(const ProcessRef& process, int patience_ms);

}  // namespace holdfast::load
