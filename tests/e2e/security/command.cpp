#include "tests/e2e/security/command.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>

namespace holdfast::testing {

CommandResult RunCommand(const std::string& command) {
    CommandResult result;
    FILE* const pipe = ::popen(("(" + command + ") 2>&1").c_str(), "r");
    if (pipe == nullptr) return result;
    std::array<char, 4096> piece;
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
        result.output.append(piece.data(), got);
    }
    const int status = ::pclose(pipe);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

}  // namespace holdfast::testing
