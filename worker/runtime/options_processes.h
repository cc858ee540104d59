#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

#include "worker/core/clock.h"
#include "worker/supervisor/process_limits.h"
#include "worker/supervisor/supervisor.h"

namespace holdfast::worker {

/// How many processes run the plugin, who looks after them, and what each may use.
struct ProcessOptions {
    SupervisorOptions supervisor;
    bool supervised = false;  ///< --processes was given
    ProcessLimits limits;

    // As they stand on the command line.
    std::uint32_t processes = 0;
    std::string ready_timeout = "30s";
    std::string memory{};
};

void AddProcessOptions(CLI::App& app, ProcessOptions& options);

/// What the rest of the command line says of one worker.
struct WorkerFacts {
    std::string plugin;
    std::size_t threads = 1;
    Duration drain_timeout{};
};

/// Throws CLI::ValidationError.
void InterpretProcesses(const WorkerFacts& worker, ProcessOptions& options);

}  // namespace holdfast::worker
