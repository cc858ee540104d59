#pragma once

namespace holdfast::load {

/// SIGINT and SIGTERM: the first makes stop() readable, so that the run ends early and still
/// reports; the second ends the process at once. One object a process, for as long as it runs.
/// SIGPIPE is ignored: a reader that has gone shows as an error of the write.
class Signals {
  public:
    Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Becomes readable at the first signal, and stays so.
    int stop() const;
    /// The first signal's number; 0: none came.
    int received() const;
};

}  // namespace holdfast::load
