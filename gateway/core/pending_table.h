#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/correlation_id.h"
#include "gateway/core/deferred_result.h"

namespace holdfast::gateway {

/// Every suspended request, found by its correlation id without hashing: a slot map whose ids carry
/// the slot's generation, so that a late or doubled reply finds nothing. Slots also carry the links
/// of the list that the request waits in and of the TimingWheel.
///
/// Slots are touched only as they are first needed, then reused oldest first. Insert, Find and
/// Erase are O(1) and allocate nothing after construction.
///
/// Thread: the bus thread. Owner: the Dispatcher.
class PendingTable {
  public:
    using SlotIndex = std::uint32_t;
    static constexpr SlotIndex kNone = 0xFFFF'FFFF;
    static constexpr std::uint32_t kNoWorker = 0xFFFF'FFFF;

    enum class State : std::uint8_t {
        kFree,
        kQueued,    ///< waits for a worker with credit
        kAssigned,  ///< in a worker's outbox, not given to the socket
        kSent,      ///< given to the socket
    };

    struct Links {
        SlotIndex previous = kNone;
        SlotIndex next = kNone;
    };

    /// One cache line.
    struct alignas(64) Slot {
        DeferredRef deferred;
        std::uint64_t generation : CorrelationId::kGenerationBits = 0;
        State state : 8 = State::kFree;
        /// Lost once after a send: it may have been processed, and it is not redispatched again.
        bool suspect : 1 = false;
        /// How the last use ended: tells a duplicate reply from a late one.
        bool ended_by_reply : 1 = false;
        std::uint8_t quick_returns : 5 = 0;  ///< times that a worker handed it back at once
        bool unloaded : 1 = false;           ///< its worker had room for it when it was assigned
        std::uint64_t sequence = 0;          ///< in its worker's session, once sent
        std::uint64_t expiry_tick = 0;       ///< TimingWheel's
        Links list;                          ///< of the queue or of the worker's list
        Links timer;                         ///< TimingWheel's
        std::uint32_t bucket = kNone;        ///< TimingWheel's
        std::uint32_t worker = kNoWorker;
        std::uint32_t payload_bytes = 0;
        /// Of sends, counted from 1. What comes back is sent again as often as its deadline allows,
        /// and 0 would be no attempt to its worker: it must not wrap.
        std::uint32_t attempt = 0;
    };
    static_assert(sizeof(Slot) == 64);

    enum class Lookup : std::uint8_t {
        kFound,
        kLate,       ///< the request ended some other way
        kDuplicate,  ///< the request was already answered
        kUnknown,    ///< never given out
    };
    struct Found {
        Lookup lookup = Lookup::kUnknown;
        SlotIndex slot = kNone;
    };

    /// `capacity` is below CorrelationId::kUnsuspendedSlot; generations start at a number made from
    /// `seed`, so that ids of an earlier process are unknown to this one.
    PendingTable(std::uint32_t capacity, std::uint64_t seed);

    /// kNone when the table is full; `deferred` is then left as it was.
    SlotIndex Insert(DeferredRef&& deferred);

    /// Frees the slot and hands back what it held.
    DeferredRef Erase(SlotIndex index, bool by_reply);

    Found Find(CorrelationId id) const;
    CorrelationId IdOf(SlotIndex index) const { return {index, slots_[index].generation}; }

    Slot& operator[](SlotIndex index) { return slots_[index]; }
    const Slot& operator[](SlotIndex index) const { return slots_[index]; }
    std::size_t size() const { return size_; }

    template <typename Visitor>
    void ForEach(Visitor&& visit) const {
        for (SlotIndex i = 0; i < slots_.size(); ++i) {
            if (slots_[i].state != State::kFree) visit(i, slots_[i]);
        }
    }

  private:
    /// A slot rests at least this many uses of others before it is used again, while there is room.
    static constexpr std::size_t kReuseDistance = 1024;

    const std::uint32_t capacity_;
    const std::uint64_t first_generation_;
    std::vector<Slot> slots_;  ///< reserved whole at construction: it never moves
    SlotIndex free_head_ = kNone;
    SlotIndex free_tail_ = kNone;
    std::size_t free_count_ = 0;
    std::size_t size_ = 0;
};

/// A doubly linked list through Slot::list: a service's queue, a worker's requests. A slot is in
/// one list at a time.
class SlotList {
  public:
    using SlotIndex = PendingTable::SlotIndex;

    bool empty() const { return head_ == PendingTable::kNone; }
    std::size_t size() const { return size_; }
    SlotIndex front() const { return head_; }
    SlotIndex back() const { return tail_; }

    void PushBack(PendingTable& table, SlotIndex index);
    void PushFront(PendingTable& table, SlotIndex index);
    void Remove(PendingTable& table, SlotIndex index);

  private:
    SlotIndex head_ = PendingTable::kNone;
    SlotIndex tail_ = PendingTable::kNone;
    std::size_t size_ = 0;
};

}  // namespace holdfast::gateway
