#pragma once

#include <string>

#include "worker/supervisor/supervision.h"

namespace holdfast::worker {

struct SupervisorOptions {
    SupervisionRules rules;
    std::string plugin;
    bool watch = false;  ///< reload when the plugin's file has changed
};

/// Before any thread starts, so that all inherit it.
void BlockSupervisorSignals();

/// Keeps `rules.processes` processes of this program running until a signal ends it; returns the
/// exit code. SIGTERM and SIGINT drain them, a second one ends them at once; SIGHUP reloads the
/// plugin. Loads no plugin and opens no socket itself.
///
/// Thread: main, after BlockSupervisorSignals.
int RunSupervisor(const SupervisorOptions& options, char* const* arguments);

}  // namespace holdfast::worker
