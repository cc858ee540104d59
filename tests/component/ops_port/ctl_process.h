#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace holdfast {

struct CtlResult {
    int code = -1;
    std::string text;  ///< what it printed, errors included
};

/// Runs the real holdfastctl to its end.
inline CtlResult RunCtl(const std::string& arguments) {
    CtlResult result;
    const std::string command = std::string(HOLDFAST_CTL) + " " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "re");
    if (pipe == nullptr) return result;
    char chunk[4096];
    for (std::size_t got; (got = fread(chunk, 1, sizeof chunk, pipe)) > 0;) {
        result.text.append(chunk, got);
    }
    const int status = pclose(pipe);
    if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
    return result;
}

}  // namespace holdfast
