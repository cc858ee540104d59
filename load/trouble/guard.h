#pragma once

#include <sys/types.h>

#include <string>

#include "load/trouble/process_ref.h"

namespace holdfast::load {

/// Knows what was stopped, and continues it when this process ends in whatever way, SIGKILL
/// included: a small child process that waits for the end of a pipe. Thread: one at a time; made
/// before there are threads.
class StopGuard {
  public:
    StopGuard();
    ~StopGuard();  ///< continues what is still stopped, and waits for that
    StopGuard(const StopGuard&) = delete;
    StopGuard& operator=(const StopGuard&) = delete;

    /// To be called before the stop, so that there is no moment at which nobody knows of it.
    void WillStop(const ProcessRef& process) { Tell(true, process, {}); }
    void HasContinued(const ProcessRef& process) { Tell(false, process, {}); }
    void WillPause(const std::string& container) { Tell(true, {}, container); }
    void HasUnpaused(const std::string& container) { Tell(false, {}, container); }

  private:
    void Tell(bool stopped, const ProcessRef& process, const std::string& container);

    pid_t child_ = -1;
    int pipe_ = -1;
};

}  // namespace holdfast::load
