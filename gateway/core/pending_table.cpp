#include "gateway/core/pending_table.h"

#include <cassert>
#include <utility>

#include "gateway/core/mutation.h"

namespace holdfast::gateway {

PendingTable::PendingTable(std::uint32_t capacity, std::uint64_t seed)
    : capacity_(capacity), first_generation_(seed & CorrelationId::kGenerationMask) {
    assert(capacity > 0 && capacity < CorrelationId::kUnsuspendedSlot);
    slots_.reserve(capacity);
}

PendingTable::SlotIndex PendingTable::Insert(DeferredRef&& deferred) {
    SlotIndex index = kNone;
    if (slots_.size() < capacity_ && free_count_ < kReuseDistance) {
        index = static_cast<SlotIndex>(slots_.size());
        slots_.emplace_back().generation = first_generation_ & CorrelationId::kGenerationMask;
    } else if (free_head_ != kNone) {
        index = free_head_;
        free_head_ = slots_[index].list.next;
        if (free_head_ == kNone) free_tail_ = kNone;
        --free_count_;
    } else {
        return kNone;
    }
    Slot& slot = slots_[index];
    slot.generation = (slot.generation + 1) & CorrelationId::kGenerationMask;
    slot.state = State::kQueued;
    slot.attempt = 0;
    slot.quick_returns = 0;
    slot.suspect = false;
    slot.unloaded = false;
    slot.ended_by_reply = false;
    slot.list = {};
    slot.worker = kNoWorker;
    slot.deferred = std::move(deferred);
    ++size_;
    return index;
}

DeferredRef PendingTable::Erase(SlotIndex index, bool by_reply) {
    Slot& slot = slots_[index];
    assert(slot.state != State::kFree && slot.bucket == kNone);
    slot.state = State::kFree;
    slot.ended_by_reply = by_reply;
    slot.list = {};
    if (free_tail_ == kNone) {
        free_head_ = index;
    } else {
        slots_[free_tail_].list.next = index;
    }
    free_tail_ = index;
    ++free_count_;
    --size_;
    return std::move(slot.deferred);
}

PendingTable::Found PendingTable::Find(CorrelationId id) const {
    const SlotIndex index = id.slot();
    if (index >= slots_.size()) return {};
    const Slot& slot = slots_[index];
    const std::uint64_t age = (slot.generation - id.generation()) & CorrelationId::kGenerationMask;
    if (age == 0 || Broken(Rule::kGenerationIsChecked)) {
        if (slot.state != State::kFree) return {Lookup::kFound, index};
        return {slot.ended_by_reply ? Lookup::kDuplicate : Lookup::kLate, kNone};
    }
    const std::uint64_t used =
        (slot.generation - first_generation_) & CorrelationId::kGenerationMask;
    return {age < used ? Lookup::kLate : Lookup::kUnknown, kNone};
}

void SlotList::PushBack(PendingTable& table, SlotIndex index) {
    table[index].list = {tail_, PendingTable::kNone};
    (empty() ? head_ : table[tail_].list.next) = index;
    tail_ = index;
    ++size_;
}

void SlotList::PushFront(PendingTable& table, SlotIndex index) {
    table[index].list = {PendingTable::kNone, head_};
    (empty() ? tail_ : table[head_].list.previous) = index;
    head_ = index;
    ++size_;
}

void SlotList::Remove(PendingTable& table, SlotIndex index) {
    const PendingTable::Links links = table[index].list;
    (links.previous == PendingTable::kNone ? head_ : table[links.previous].list.next) = links.next;
    (links.next == PendingTable::kNone ? tail_ : table[links.next].list.previous) = links.previous;
    table[index].list = {};
    --size_;
}

}  // namespace holdfast::gateway
