#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "gateway/core/clock.h"

namespace holdfast::gateway::http {

/// A session's one deadline. It must be removed from its wheel before it is destroyed.
class DeadlineEntry {
  public:
    DeadlineEntry() = default;
    DeadlineEntry(const DeadlineEntry&) = delete;
    DeadlineEntry& operator=(const DeadlineEntry&) = delete;

  private:
    friend class DeadlineWheel;
    DeadlineEntry* previous_ = nullptr;
    DeadlineEntry* next_ = nullptr;
    std::uint64_t due_ = 0;     ///< in ticks; 0: none
    std::uint64_t linked_ = 0;  ///< the tick at which the wheel looks at it, at the latest
};

/// Coarse deadlines for many connections: moving one later, which happens with each request, is a
/// store; the wheel finds out when it looks. A deadline fires up to one tick late, never early.
///
/// Thread: its loop's. Owns nothing.
class DeadlineWheel {
  public:
    DeadlineWheel(Duration tick, TimePoint origin);
    DeadlineWheel(const DeadlineWheel&) = delete;
    DeadlineWheel& operator=(const DeadlineWheel&) = delete;

    void Set(DeadlineEntry& entry, TimePoint due);
    void Clear(DeadlineEntry& entry) { entry.due_ = 0; }
    void Remove(DeadlineEntry& entry);

    /// Calls `expire` with each entry that is due; its deadline is cleared before. `expire` may set
    /// and remove any entry.
    void Advance(TimePoint now, const std::function<void(DeadlineEntry&)>& expire);

    Duration tick() const { return tick_; }

  private:
    static constexpr std::size_t kSlots = 256;

    static void Unlink(DeadlineEntry& entry);
    void Link(DeadlineEntry& entry);

    const Duration tick_;
    const TimePoint origin_;
    std::uint64_t now_ = 0;
    std::array<DeadlineEntry, kSlots> slots_;
};

}  // namespace holdfast::gateway::http
