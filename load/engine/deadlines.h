#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "load/result/clock.h"

namespace holdfast::load {

/// One deadline for each connection of a process, by its number. Setting one is a store: nearly all
/// are moved later before they come. Finding those that have come looks at all of them, 15,000 in
/// about 10 µs, at most once a kRest.
///
/// Thread: the engine's. Uses no clock of its own.
class Deadlines {
  public:
    std::size_t size() const { return due_.size(); }

    /// A deadline is noticed at most so much late.
    static constexpr Duration kRest = std::chrono::milliseconds(1);

    explicit Deadlines(std::size_t count) : due_(count, TimePoint::max()) {}

    void Set(std::uint32_t index, TimePoint due) {
        due_[index] = due;
        if (due < next_) next_ = due;
    }
    void Clear(std::uint32_t index) { due_[index] = TimePoint::max(); }

    /// Until then Expire has nothing to do.
    TimePoint next() const { return next_; }

    /// Calls `expired(index)` for each that has come; it is cleared before. `expired` may set any.
    template <typename Expired>
    void Expire(TimePoint now, Expired&& expired) {
        if (now < next_) return;
        next_ = TimePoint::max();
        for (std::size_t i = 0; i < due_.size(); ++i) {
            if (due_[i] <= now) {
                due_[i] = TimePoint::max();
                expired(static_cast<std::uint32_t>(i));
            }
            if (due_[i] < next_) next_ = due_[i];
        }
        if (next_ < now + kRest) next_ = now + kRest;
    }

  private:
    std::vector<TimePoint> due_;
    TimePoint next_ = TimePoint::max();  ///< no deadline is earlier, but for the rest after a look
};

}  // namespace holdfast::load
