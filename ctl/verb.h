#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <ostream>
#include <span>
#include <string>

#include "ctl/ops_client.h"

namespace holdfast::ctl {

/// What holdfastctl ends with.
enum ExitCode : int { kOk = 0, kNotWell = 1, kUsage = 2, kUnreachable = 3 };

struct Context {
    std::string ops_url;
    std::chrono::milliseconds timeout;  ///< for each answer of the ops port
    bool raw = false;                   ///< --json: what the ops port said, as it said it
    bool colour = false;                ///< out is a terminal
    std::ostream& out;
    std::ostream& err;

    /// For verbs that ask a gateway. Throws BadUsage when the URL is none.
    OpsClient Client() const { return {ops_url, timeout}; }
};

/// One verb. To add one: a file in verbs/, and its line in verbs/table.cpp.
class Verb {
  public:
    virtual ~Verb() = default;
    virtual const char* name() const = 0;
    virtual const char* help() const = 0;
    virtual void AddOptions(CLI::App&) {}
    /// An ExitCode; throws BadUsage and Unreachable.
    virtual int Run(const Context& context) = 0;
};

/// In the order of --help.
std::span<Verb* const> AllVerbs();

Verb& StatusVerb();
Verb& WorkersVerb();
Verb& PendingVerb();
Verb& PingVerb();
Verb& DescribeVerb();
Verb& HealthVerb();
Verb& MetricsVerb();
Verb& ConfigVerb();
Verb& DrainVerb();
Verb& NewPluginVerb();
Verb& KeygenVerb();

}  // namespace holdfast::ctl
