#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace holdfast::load {

struct CommandResult {
    int status = -1;     ///< as a shell gives it; 127: the program is not there
    std::string output;  ///< of both streams, at most 64 KiB
};

/// Runs a program to its end, found by PATH, without a shell; killed when `patience` has passed.
/// Thread: any; blocks. Throws TroubleError when no process can be made.
CommandResult RunCommand(const std::vector<std::string>& words, std::chrono::milliseconds patience);

/// Starts `command` by /bin/sh in a session of its own, without input or output, and writes its
/// process id to `pid_file`; a command that writes that file itself comes later and wins. It
/// outlives this process. Throws TroubleError when it fails within `must_live`, and returns after
/// it.
void StartDetached(const std::string& command, const std::string& pid_file,
                   std::chrono::milliseconds must_live = std::chrono::milliseconds(300));

}  // namespace holdfast::load
