#include "tests/e2e/http/foreign_program.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "tests/support/stack/process.h"

namespace holdfast::testing {

std::string ProgramPath(const std::string& name) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string file = folder + "/" + name;
        if (::access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

double ProgramResult::Number(const std::string& pattern) const {
    std::smatch match;
    return std::regex_search(output, match, std::regex(pattern)) ? std::stod(match[1]) : -1;
}

ProgramResult RunProgram(const std::vector<std::string>& command,
                         const std::filesystem::path& folder) {
    std::vector<std::string> all = command;
    all[0] = ProgramPath(command[0]);
    const auto log = folder / (command[0] + ".log");
    std::filesystem::remove(log);
    Process process(all, log);
    ProgramResult result;
    result.status = process.Wait(std::chrono::minutes(2)).value_or(-1);
    result.output = process.Output();
    return result;
}

}  // namespace holdfast::testing
