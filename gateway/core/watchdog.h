#pragma once

#include <atomic>

#include "gateway/core/clock.h"

namespace holdfast::gateway {

/// A loop stamps it every turn, and at least every 250 ms; health reads how long ago that was.
/// One writer, any readers.
class Watchdog {
  public:
    static constexpr Duration kStampInterval = std::chrono::milliseconds(250);
    static constexpr Duration kAllowedLag = std::chrono::seconds(1);

    void Stamp(TimePoint now) {
        stamp_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
    /// Zero before the first stamp.
    Duration Lag(TimePoint now) const {
        const Duration::rep stamp = stamp_.load(std::memory_order_relaxed);
        return stamp == 0 ? Duration::zero() : now.time_since_epoch() - Duration(stamp);
    }

  private:
    std::atomic<Duration::rep> stamp_{0};
};

}  // namespace holdfast::gateway
