#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "tests/sim/random.h"

namespace holdfast::sim {

/// The world's clock: runs what is due in the order of time, and of arrival where times are equal.
class Scheduler {
  public:
    static constexpr TimePoint kStart = TimePoint{} + std::chrono::hours(1);

    TimePoint now() const { return now_; }

    void At(TimePoint when, std::function<void()> action) {
        events_.push({std::max(when, now_), next_++, std::move(action)});
    }
    void After(Duration delay, std::function<void()> action) {
        At(now_ + delay, std::move(action));
    }

    /// Runs the next event that is due by `until`; false when there is none, and then it is
    /// `until`.
    bool Step(TimePoint until) {
        if (events_.empty() || events_.top().when > until) {
            now_ = std::max(now_, until);
            return false;
        }
        // The queue hands out only a const view; the element is gone before it could be compared
        // again.
        std::function<void()> action = std::move(const_cast<Event&>(events_.top()).action);
        now_ = events_.top().when;
        events_.pop();
        ++steps_;
        action();
        return true;
    }

    /// How many events have been run.
    std::uint64_t steps() const { return steps_; }

  private:
    struct Event {
        TimePoint when;
        std::uint64_t order;
        std::function<void()> action;
        friend bool operator<(const Event& a, const Event& b) {
            return a.when != b.when ? a.when > b.when : a.order > b.order;
        }
    };

    TimePoint now_ = kStart;
    std::uint64_t next_ = 0;
    std::uint64_t steps_ = 0;
    std::priority_queue<Event> events_;
};

}  // namespace holdfast::sim
