#pragma once

#include <string>
#include <vector>

#include "gateway/config/config.h"

namespace holdfast::gateway::app {

/// What is wrong with the files that a configuration names, and what is doubtful about them.
struct FileReport {
    std::vector<config::Problem> problems;
    std::vector<std::string> warnings;
};

/// For --check-config: reads the data port's certificate and the keys of the leg as a start would.
FileReport CheckFiles(const config::LoadedConfig& loaded);

}  // namespace holdfast::gateway::app
