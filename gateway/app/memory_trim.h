#pragma once

#include <cstdint>

#include "gateway/core/clock.h"

namespace holdfast::gateway::app {

/// Decides when what was freed after a peak is to be given back to the kernel: the allocator does
/// so by itself only at the top of an arena, where one small block holds up all below it
/// (docs/decisions/memory-allocator.md).
///
/// Thread: one. Nothing blocks.
class MemoryTrim {
  public:
    /// How often Due is to be asked. Shorter peaks may be missed, and leave no more than they had.
    static constexpr Duration kInterval = std::chrono::milliseconds(200);
    /// Giving memory back costs locks, and faults when it is taken again: not more often than this,
    /// and not for less.
    static constexpr Duration kRest = std::chrono::seconds(1);
    static constexpr std::uint64_t kWorthwhile = 2U << 20U;

    /// `held`: bytes that requests, replies and connections hold now.
    bool Due(std::uint64_t held, TimePoint now);

  private:
    std::uint64_t peak_ = 0;  ///< since memory was given back
    TimePoint rests_until_{};
};

}  // namespace holdfast::gateway::app
