#include "worker/runtime/responder_table.h"

#include <utility>

namespace holdfast::worker {

struct ResponderTable::Slot {
    std::mutex mutex;
    // Guarded by mutex.
    std::uint32_t generation = 0;
    bool open = false;
    bool cancelled = false;
    bool has_callback = false;  ///< one was registered; it may have run already
    RequestRecord* record = nullptr;
    CancelCallback callback;
};

ResponderTable::ResponderTable(std::size_t max_slots) : chunks_(max_slots / kChunk + 1) {}

ResponderTable::~ResponderTable() {
    for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

ResponderTable::Slot& ResponderTable::At(std::uint32_t index) const {
    return chunks_[index / kChunk].load(std::memory_order_acquire)[index % kChunk];
}

ResponderTable::Slot* ResponderTable::Find(holdfast_responder token) const {
    const auto index = static_cast<std::uint32_t>(token.value);
    if (index == 0 || index / kChunk >= chunks_.size()) return nullptr;
    Slot* const chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &chunk[index % kChunk];
}

bool ResponderTable::Prepare(RequestRecord& record) {
    if (record.handler_slot == 0) {
        const std::uint32_t index = used_ + 1;
        if (index / kChunk >= chunks_.size()) return false;
        std::atomic<Slot*>& chunk = chunks_[index / kChunk];
        if (chunk.load(std::memory_order_relaxed) == nullptr) {
            chunk.store(std::make_unique<Slot[]>(kChunk).release(), std::memory_order_release);
        }
        used_ = index;
        record.handler_slot = index;
    }
    Slot& slot = At(record.handler_slot);
    const std::lock_guard lock(slot.mutex);
    ++slot.generation;
    slot.open = true;
    slot.cancelled = slot.has_callback = false;
    slot.record = &record;
    slot.callback = {};
    return true;
}

holdfast_responder ResponderTable::TokenOf(const RequestRecord& record) const {
    Slot& slot = At(record.handler_slot);
    const std::lock_guard lock(slot.mutex);
    return {std::uint64_t{slot.generation} << 32U | record.handler_slot};
}

namespace {

std::uint32_t GenerationOf(holdfast_responder token) {
    return static_cast<std::uint32_t>(token.value >> 32U);
}

}  // namespace

RequestRecord* ResponderTable::Claim(holdfast_responder token) {
    Slot* const slot = Find(token);
    if (slot == nullptr) return nullptr;
    CancelCallback unused;
    RequestRecord* record = nullptr;
    {
        const std::lock_guard lock(slot->mutex);
        if (!slot->open || slot->generation != GenerationOf(token)) return nullptr;
        slot->open = false;
        record = std::exchange(slot->record, nullptr);
        unused = std::exchange(slot->callback, {});  // empty while it runs: its runner releases it
    }
    unused.Release();
    return record;
}

void ResponderTable::CloseAll() {
    for (std::uint32_t index = 1; index <= used_; ++index) {
        Slot& slot = At(index);
        CancelCallback unused;
        {
            const std::lock_guard lock(slot.mutex);
            slot.open = false;
            slot.record = nullptr;
            unused = std::exchange(slot.callback, {});
        }
        unused.Release();
    }
}

bool ResponderTable::Cancel(holdfast_responder token) {
    Slot* const slot = Find(token);
    if (slot == nullptr) return false;
    const std::lock_guard lock(slot->mutex);
    if (!slot->open || slot->generation != GenerationOf(token)) return false;
    slot->cancelled = true;
    return slot->callback.run != nullptr;
}

void ResponderTable::RunCallback(holdfast_responder token) {
    Slot* const slot = Find(token);
    if (slot == nullptr) return;
    CancelCallback callback;
    {
        const std::lock_guard lock(slot->mutex);
        if (slot->generation != GenerationOf(token) || slot->callback.run == nullptr) return;
        callback = std::exchange(slot->callback, {});
    }
    callback.run(callback.context);
    callback.Release();
}

bool ResponderTable::Cancelled(holdfast_responder token) {
    Slot* const slot = Find(token);
    if (slot == nullptr) return true;
    const std::lock_guard lock(slot->mutex);
    return !slot->open || slot->generation != GenerationOf(token) || slot->cancelled;
}

TimePoint ResponderTable::DeadlineOf(holdfast_responder token) {
    Slot* const slot = Find(token);
    if (slot == nullptr) return TimePoint::min();
    const std::lock_guard lock(slot->mutex);
    if (!slot->open || slot->generation != GenerationOf(token)) return TimePoint::min();
    return slot->record->deadline;
}

holdfast_result ResponderTable::OnCancel(holdfast_responder token, CancelCallback callback) {
    Slot* const slot = Find(token);
    holdfast_result result = HOLDFAST_ALREADY_ANSWERED;
    if (slot != nullptr) {
        const std::lock_guard lock(slot->mutex);
        if (slot->open && slot->generation == GenerationOf(token)) {
            if (slot->has_callback || callback.run == nullptr) {
                result = callback.run == nullptr ? HOLDFAST_INVALID : HOLDFAST_UNSUPPORTED;
            } else {
                slot->has_callback = true;
                if (!slot->cancelled) {
                    slot->callback = callback;
                    return HOLDFAST_OK;
                }
                result = HOLDFAST_OK;
            }
        }
    }
    if (result == HOLDFAST_OK) callback.run(callback.context);
    callback.Release();
    return result;
}

}  // namespace holdfast::worker
