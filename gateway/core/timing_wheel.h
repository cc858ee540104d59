#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/pending_table.h"

namespace holdfast::gateway {

/// One timer for each slot of a PendingTable, in ticks of a millisecond: a hierarchical timing
/// wheel (Varghese and Lauck, SOSP 1987) of 64-bucket levels. An entry lies on the level of the
/// highest six-bit group in which its tick differs from the present one, so the lowest level that
/// is not empty holds the next to fire. Add and Remove are O(1); Advance costs what fires and what
/// moves down.
///
/// A timer never fires before its time, and fires in the first Advance at or after the tick that
/// follows it.
///
/// Thread: the bus thread. Owner: the Dispatcher.
class TimingWheel {
  public:
    using SlotIndex = PendingTable::SlotIndex;
    static constexpr Duration kTick = std::chrono::milliseconds(1);

    TimingWheel(PendingTable& table, TimePoint start) : table_(table), start_(start) {
        heads_.fill(PendingTable::kNone);
    }

    /// Sets the slot's timer, which replaces one that it had.
    void Set(SlotIndex index, TimePoint at);
    void Remove(SlotIndex index);

    /// Calls `expired(slot)` for each timer that is due. The callback may set and remove any timer.
    template <typename Expired>
    void Advance(TimePoint now, Expired&& expired) {
        const std::uint64_t until = TickAt(now);
        for (;;) {
            const std::optional<Next> next = FindNext();
            if (!next || next->tick > until) break;
            now_tick_ = next->tick;
            while (heads_[next->bucket] != PendingTable::kNone) {
                const SlotIndex index = heads_[next->bucket];
                Remove(index);
                if (table_[index].expiry_tick <= now_tick_) {
                    expired(index);
                } else {
                    Link(index);
                }
            }
        }
        if (until > now_tick_) now_tick_ = until;
    }

    /// When Advance must next be called; nothing while no timer is set.
    std::optional<TimePoint> NextDue() const;

  private:
    static constexpr std::uint32_t kBits = 6;
    static constexpr std::uint32_t kBuckets = 1U << kBits;
    static constexpr std::uint32_t kLevels = (64 + kBits - 1) / kBits;

    struct Next {
        std::uint64_t tick;
        std::uint32_t bucket;
    };

    std::uint64_t TickAt(TimePoint at) const {
        return at <= start_ ? 0 : static_cast<std::uint64_t>((at - start_) / kTick);
    }
    std::optional<Next> FindNext() const;
    void Link(SlotIndex index);

    PendingTable& table_;
    const TimePoint start_;
    std::uint64_t now_tick_ = 0;
    std::array<std::uint64_t, kLevels> occupied_{};  ///< a bit for each bucket that is not empty
    std::array<SlotIndex, kLevels * kBuckets> heads_;
};

}  // namespace holdfast::gateway
