#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/trouble/guard.h"
#include "load/trouble/trouble.h"

namespace holdfast::load {

/// Does what events say, at once; the schedule says when. Whatever it has stopped goes on when this
/// object, or the process, ends. Thread: one at a time; made before there are threads.
class TroubleMaker {
  public:
    /// `ops_url` is that of events which name none. Looks at every subject: a pid file must be
    /// good, unless the first that is done to it is a restart. Throws TroubleError.
    TroubleMaker(const std::vector<TroubleEvent>& events, std::string ops_url);

    /// Blocks: a restart waits for the end of what it replaces. Throws TroubleError.
    void Make(const TroubleEvent& event);

    /// Continues everything that was stopped and not continued, and says what: "continued
    /// worker.pid (process 4711)", or why that failed.
    std::vector<std::string> ContinueAll();

  private:
    void MakeToProcess(const TroubleEvent& event);
    void MakeToContainers(const TroubleEvent& event);
    void Restart(const TroubleEvent& event);
    void Kill(const std::string& file, const ProcessRef& process);
    void Stop(const std::string& file, const ProcessRef& process);
    void Continue(const ProcessRef& process);
    /// The pid file's process; the one that was seen there before, or a properly written new one.
    ProcessRef Subject(const std::string& file);

    const std::string ops_url_;
    std::optional<StopGuard> guard_;  ///< when some event stops
    std::map<std::string, ProcessRef> seen_;
    std::vector<std::pair<std::string, ProcessRef>> stopped_;
    std::vector<std::string> paused_;
};

/// "kill worker-1.pid", as marks show it when the flow gives no label.
std::string LabelOf(const TroubleEvent& event);

}  // namespace holdfast::load
