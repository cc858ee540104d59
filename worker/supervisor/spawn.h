#pragma once

#include <signal.h>
#include <sys/types.h>

#include "worker/supervisor/child_context.h"

namespace holdfast::worker {

struct SpawnedChild {
    pid_t pid = -1;
    int report_fd = -1;  ///< to read what it reports; not blocking; the caller closes it
};

/// What a worker waits for instead of being ended by it: SIGTERM, SIGINT and SIGHUP.
sigset_t WorkerSignals();

/// Starts this program again, with the same arguments and environment and `context`, as a new
/// process image: no thread, no lock and no address is inherited. WorkerSignals() stay blocked in
/// it until it takes them; all else is as a shell would start it.
///
/// Throws std::system_error. Thread: the supervisor's; it must not end before the child does, or
/// the child is told that its supervisor has ended.
SpawnedChild Spawn(char* const* arguments, ChildContext context);

}  // namespace holdfast::worker
