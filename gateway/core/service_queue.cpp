#include "gateway/core/service_queue.h"

#include <algorithm>

namespace holdfast::gateway {

bool TokenBucket::TryTake(TimePoint now) {
    const double elapsed = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, elapsed) * rate_);
    filled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

Lane& ServiceQueue::LaneOf(const PendingTable::Slot& slot) {
    const std::uint32_t lane = slot.deferred->request.route->lane;
    while (lanes_.size() <= lane) lanes_.emplace_back(delay_);
    return lanes_[lane];
}

void ServiceQueue::Enqueue(PendingTable& table, std::uint32_t index, Where where) {
    PendingTable::Slot& slot = table[index];
    slot.state = PendingTable::State::kQueued;
    SlotList& list = ListOf(slot);
    where == Where::kFront ? list.PushFront(table, index) : list.PushBack(table, index);
    ++size_;
    bytes_ += slot.payload_bytes;
    if (slot.suspect) return;
    Lane& lane = LaneOf(slot);
    if (!lane.has_turn) turns_.push_back(slot.deferred->request.route->lane);
    lane.has_turn = true;
}

void ServiceQueue::Remove(PendingTable& table, std::uint32_t index) {
    const PendingTable::Slot& slot = table[index];
    ListOf(slot).Remove(table, index);
    --size_;
    bytes_ -= slot.payload_bytes;
}

bool ServiceQueue::Holds(const PendingTable& table, std::uint32_t index) {
    const PendingTable::Slot& slot = table[index];
    return ListOf(slot).front() == index || slot.list.previous != PendingTable::kNone;
}

Lane* ServiceQueue::InTurn() {
    while (!turns_.empty()) {
        Lane& lane = lanes_[turns_.front()];
        if (!lane.waiting.empty()) return &lane;
        lane.has_turn = false;
        turns_.erase(turns_.begin());
    }
    return nullptr;
}

void ServiceQueue::EndTurn() {
    std::rotate(turns_.begin(), turns_.begin() + 1, turns_.end());
}

Lane* ServiceQueue::Longest() {
    Lane* longest = nullptr;
    for (const std::uint32_t turn : turns_) {
        Lane& lane = lanes_[turn];
        if (lane.waiting.empty()) continue;
        if (longest == nullptr || lane.waiting.size() > longest->waiting.size()) longest = &lane;
    }
    return longest;
}

bool ServiceQueue::Stands(TimePoint now) const {
    return std::ranges::any_of(lanes_, [now](const Lane& lane) { return lane.delay.Stands(now); });
}

}  // namespace holdfast::gateway
