#pragma once

namespace holdfast::gateway {

class StreamGuard;

// The two calls by which libzmq gets a connection and its bytes, accept4 and recv, are this
// program's own: its symbols come before libc's, for each library in the process. They do what
// libc's do, and then ask the guard of the listening socket that the connection came through.
//
// Whoever accepts from a guarded socket is libzmq's I/O thread, and its only one, so that thread's
// recv is guarded from then on, and no other's: for all others recv costs a look at a variable,
// and accept4 one into a short table.
//
// Thread: any.

/// Connections that are accepted from `listening` belong to `guard`, until Unguard. Throws
/// std::runtime_error if libzmq would call libc directly.
void Guard(int listening, StreamGuard& guard);

/// Before libzmq closes `listening`. Bytes of its connections go on to the guard.
void Unguard(int listening);

}  // namespace holdfast::gateway
