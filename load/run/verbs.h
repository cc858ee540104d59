#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace holdfast::load {

/// Each adds one verb with its options to the command line, and returns what runs it. The result is
/// an ExitCode; throws as Main catches.
using Verb = std::function<int()>;

Verb AddRun(CLI::App& verb);
Verb AddFlows(CLI::App& verb);
Verb AddCheck(CLI::App& verb);
Verb AddReconcile(CLI::App& verb);
Verb AddCompare(CLI::App& verb);
Verb AddReport(CLI::App& verb);

}  // namespace holdfast::load
