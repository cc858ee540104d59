#include "gateway/core/timing_wheel.h"

#include <algorithm>
#include <bit>

namespace holdfast::gateway {

void TimingWheel::Set(SlotIndex index, TimePoint at) {
    if (table_[index].bucket != PendingTable::kNone) Remove(index);
    // Rounded up, and never in the present tick, whose bucket may be firing at this moment.
    table_[index].expiry_tick = std::max(TickAt(at + kTick - Duration(1)), now_tick_ + 1);
    Link(index);
}

void TimingWheel::Link(SlotIndex index) {
    PendingTable::Slot& slot = table_[index];
    const std::uint64_t tick = slot.expiry_tick;
    const std::uint64_t differs = tick ^ now_tick_;
    const std::uint32_t level =
        differs == 0 ? 0 : static_cast<std::uint32_t>(std::bit_width(differs) - 1) / kBits;
    const std::uint32_t place =
        static_cast<std::uint32_t>(tick >> (level * kBits)) & (kBuckets - 1);
    slot.bucket = level * kBuckets + place;
    SlotIndex& head = heads_[slot.bucket];
    slot.timer = {PendingTable::kNone, head};
    if (head != PendingTable::kNone) table_[head].timer.previous = index;
    head = index;
    occupied_[level] |= std::uint64_t{1} << place;
}

void TimingWheel::Remove(SlotIndex index) {
    PendingTable::Slot& slot = table_[index];
    if (slot.bucket == PendingTable::kNone) return;
    SlotIndex& head = heads_[slot.bucket];
    if (slot.timer.previous == PendingTable::kNone) {
        head = slot.timer.next;
    } else {
        table_[slot.timer.previous].timer.next = slot.timer.next;
    }
    if (slot.timer.next != PendingTable::kNone) {
        table_[slot.timer.next].timer.previous = slot.timer.previous;
    }
    if (head == PendingTable::kNone) {
        occupied_[slot.bucket / kBuckets] &= ~(std::uint64_t{1} << (slot.bucket % kBuckets));
    }
    slot.timer = {};
    slot.bucket = PendingTable::kNone;
}

std::optional<TimingWheel::Next> TimingWheel::FindNext() const {
    for (std::uint32_t level = 0; level < kLevels; ++level) {
        if (occupied_[level] == 0) continue;
        const auto place = static_cast<std::uint32_t>(std::countr_zero(occupied_[level]));
        const std::uint32_t shift = level * kBits;
        // The groups above this level are those of now; the ones below start at zero.
        const std::uint64_t above =
            shift + kBits >= 64 ? 0 : (now_tick_ >> (shift + kBits)) << (shift + kBits);
        return Next{above | (std::uint64_t{place} << shift), level * kBuckets + place};
    }
    return std::nullopt;
}

std::optional<TimePoint> TimingWheel::NextDue() const {
    const std::optional<Next> next = FindNext();
    if (!next) return std::nullopt;
    return start_ + kTick * static_cast<Duration::rep>(next->tick);
}

}  // namespace holdfast::gateway
