#pragma once

#include <string>

namespace holdfast::testing {

struct CommandResult {
    int exit_code = -1;
    std::string output;  ///< of both streams
};

/// Runs a command of the shell to its end.
CommandResult RunCommand(const std::string& command);

}  // namespace holdfast::testing
