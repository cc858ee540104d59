#pragma once

#include <stdexcept>
#include <string>

namespace holdfast::load {

/// What holdfast-load ends with; docs/load.md and --help list them. When several apply, the first
/// in this order: kInternal, the signal, kIncomplete, kThreshold, kDifferences.
enum ExitCode : int {
    kOk = 0,
    kInternal = 1,       ///< what should not happen, such as no memory
    kUsage = 2,          ///< wrong command line, flow file, pid file or result file
    kUnreachable = 3,    ///< the target, or the database, cannot be used
    kDifferences = 4,    ///< reconcile found some
    kIncomplete = 5,     ///< a generator process was lost, or a file could not be written whole
    kThreshold = 99,     ///< a threshold failed
    kInterrupted = 130,  ///< by Ctrl-C; 143 by SIGTERM: 128 and the signal's number
};

/// Wrong command line: one line that says what would be right.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace holdfast::load
