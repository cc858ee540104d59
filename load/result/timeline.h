#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "load/result/interval.h"

namespace holdfast::load {

/// Puts the intervals of several generator processes together by second. Owned by the parent.
/// Thread: one at a time.
class Timeline {
  public:
    explicit Timeline(std::uint32_t processes) : reached_(processes, 0) {}

    /// An interval of `process` (from 0). Seconds of one process ascend; gaps are allowed.
    void Add(std::uint32_t process, const Interval& interval);
    /// Nothing more comes from `process`: it has ended, or was lost.
    void End(std::uint32_t process);

    /// The next second that no process can add to any more, null when there is none yet. Each is
    /// returned once; valid until Take.
    const Interval* NextWhole();

    /// All seconds, ascending, packed; those in which no process reported are left out.
    std::vector<Interval> Take();

  private:
    std::map<std::uint32_t, Interval> seconds_;
    std::vector<std::uint64_t> reached_;  // by process: the first second that may still come
    std::uint64_t next_ = 0;              // the first second not returned by NextWhole
};

}  // namespace holdfast::load
