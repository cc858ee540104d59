#pragma once

#include "load/run/run_options.h"

namespace holdfast::load {

/// The verb `run`: from the flow file to the reports. An ExitCode. Throws UsageError, FlowError,
/// TargetError, TroubleError, DatabaseError, or std::exception for what should not happen.
/// Once a process; while it has one thread.
int Run(const RunOptions& options);

/// With --trace: one user, once, each request and response as it went over the wire.
int Trace(const RunOptions& options);

}  // namespace holdfast::load
