#pragma once

namespace holdfast::worker {

/// Prints the process's id to standard error and waits until a debugger has attached, or SIGCONT
/// comes. Any process of the user may attach from then on. Returns 0, or SIGTERM or SIGINT when
/// one of those ended the wait.
/// Thread: main, before there is any other.
int WaitForDebugger();

}  // namespace holdfast::worker
