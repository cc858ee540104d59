#pragma once

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

namespace holdfast::testing {

/// Where a program of the PATH is; empty: it is not installed.
std::string ProgramPath(const std::string& name);

struct ProgramResult {
    int status = -1;
    std::string output;

    /// The number in the first group of `pattern`, which is there once; -1: it is not.
    double Number(const std::string& pattern) const;
};

/// Runs it to its end in `folder`, for at most two minutes.
ProgramResult RunProgram(const std::vector<std::string>& command,
                         const std::filesystem::path& folder);

}  // namespace holdfast::testing

/// Skips the test, with the reason, where the program is not installed.
#define HOLDFAST_NEED_PROGRAM(name, package)                                      \
    if (::holdfast::testing::ProgramPath(name).empty()) {                         \
        GTEST_SKIP() << "no " << (name) << ": Debian's package is " << (package); \
    }                                                                             \
    static_assert(true, "a semicolon may follow")
