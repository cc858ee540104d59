#pragma once

#include <poll.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "worker/supervisor/spawn.h"
#include "worker/supervisor/supervision.h"

namespace holdfast::worker {

/// The running children and what they report.
/// Thread: the supervisor's. Nothing blocks.
class ChildTable {
  public:
    struct Running {
        ChildId child;
        SpawnedChild process;
        std::uint32_t place = 0;
        std::uint32_t generation = 1;
        SupervisorClock::time_point since{};
        std::string unfinished{};  ///< of a line that it reports
    };

    ~ChildTable();

    void Add(Running running) { running_.push_back(std::move(running)); }
    void Remove(ChildId child);
    const Running* Find(ChildId child) const;
    const Running* FindPid(pid_t pid) const;
    bool empty() const { return running_.empty(); }
    bool HasGeneration(std::uint32_t generation) const;
    void SignalAll(int signal) const;
    void AddTo(std::vector<pollfd>& descriptors) const;

    /// The lines that this child has reported since the last call.
    std::vector<std::string> TakeLines(ChildId child);
    std::vector<ChildId> All() const;

  private:
    std::vector<Running> running_;
};

}  // namespace holdfast::worker
