#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "load/result/result.h"
#include "load/trouble/trouble_maker.h"

namespace holdfast::load {

/// Makes each event at its time, on a thread of its own, one after the other: one that takes long
/// puts the next off, and the marks say when things really happened. Thread: that of the run; made
/// before there are threads (see StopGuard), Start once.
class TroubleSchedule {
  public:
    /// Throws TroubleError, see TroubleMaker.
    TroubleSchedule(std::vector<TroubleEvent> events, std::string ops_url);
    ~TroubleSchedule() { Finish(); }
    TroubleSchedule(const TroubleSchedule&) = delete;
    TroubleSchedule& operator=(const TroubleSchedule&) = delete;

    /// `on_mark` is called for each mark as it is made, on the schedule's thread or in Finish.
    void Start(TimePoint run_start, std::function<void(const Mark&)> on_mark);
    /// No further event is begun; what is stopped is continued. One mark for each event that was
    /// made or could not be made, and for each thing that was continued here. The second call finds
    /// nothing more.
    std::vector<Mark> Finish();

  private:
    void Work();
    void Add(TimePoint when, std::string label, bool failed);

    std::vector<TroubleEvent> events_;
    TroubleMaker maker_;  ///< that of the thread, and of Finish once it has ended
    TimePoint run_start_;
    std::function<void(const Mark&)> on_mark_;
    std::mutex mutex_;
    std::condition_variable finished_;
    bool finish_ = false;      ///< guarded by mutex_
    std::vector<Mark> marks_;  ///< that of the thread, like maker_
    std::thread thread_;
};

}  // namespace holdfast::load
