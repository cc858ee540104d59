#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "load/result/clock.h"
#include "load/result/result.h"

namespace holdfast::load {

/// What the text of /metrics says, for a moment `second` seconds after the run's start. Metrics
/// that are absent are zero.
OpsSample ParseMetrics(std::string_view text, double second);

/// Looks at a gateway's ops port once a second, on a thread of its own. A port that does not answer
/// is a warning, never more. Made after the generators were forked. Thread: that of the run.
class OpsScraper {
  public:
    /// `url` is http://HOST:PORT; empty: nothing is looked at.
    OpsScraper(std::string url, TimePoint run_start);
    ~OpsScraper() { Finish(); }
    OpsScraper(const OpsScraper&) = delete;
    OpsScraper& operator=(const OpsScraper&) = delete;

    /// Ends it, within a second, and gives its samples to `result`, with a warning when looks
    /// failed. Once.
    void Finish(Result& result);

  private:
    void Finish();
    void Work();
    void Look();

    const std::string url_;
    const TimePoint run_start_;
    std::mutex mutex_;
    std::condition_variable finished_;
    bool finish_ = false;             ///< guarded by mutex_
    std::vector<OpsSample> samples_;  ///< this and all below: the thread's, until it has ended
    std::size_t failed_ = 0;
    std::string failure_;  ///< the last one's reason
    std::thread thread_;
};

}  // namespace holdfast::load
