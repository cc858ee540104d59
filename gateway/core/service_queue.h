#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/concurrency_limit.h"
#include "gateway/core/pending_table.h"
#include "gateway/core/queue_delay.h"
#include "gateway/core/service_time.h"

namespace holdfast::gateway {

/// So many tokens at most, refilled at a rate: bounds the storm of redispatches after a loss.
class TokenBucket {
  public:
    TokenBucket(double rate, double burst, TimePoint now)
        : rate_(rate), burst_(burst), tokens_(burst), filled_(now) {}

    bool TryTake(TimePoint now);

  private:
    double rate_;
    double burst_;
    double tokens_;
    TimePoint filled_;
};

/// The requests of one route that wait for a worker, oldest first, and what is known of them.
struct Lane {
    explicit Lane(const QueueDelayOptions& options) : delay(options) {}

    SlotList waiting;
    QueueDelay delay;
    ServiceTime time;
    bool has_turn = false;  ///< it is in ServiceQueue::turns_
};

/// One service: the requests that wait for a worker, and the workers that take them.
///
/// Each route has a lane of its own, and lanes take turns, so that a flood on one route is refused
/// there and the others do not notice (fair queueing, as FQ-CoDel has it: RFC 8290). Requests that
/// were lost once wait apart and go first, so that one that cannot be placed holds up no other.
///
/// Thread: the bus thread. Owner: the Dispatcher.
class ServiceQueue {
  public:
    ServiceQueue(std::string service, const QueueDelayOptions& delay,
                 const ConcurrencyOptions& concurrency, TokenBucket redispatch_budget)
        : name(std::move(service)),
          redispatches(redispatch_budget),
          limit(concurrency),
          delay_(delay) {}

    enum class Where : std::uint8_t { kBack, kFront };

    void Enqueue(PendingTable& table, std::uint32_t index, Where where);
    void Remove(PendingTable& table, std::uint32_t index);
    bool Holds(const PendingTable& table, std::uint32_t index);

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    std::uint64_t bytes() const { return bytes_; }  ///< of payload
    const SlotList& suspects() const { return suspects_; }

    Lane& LaneOf(const PendingTable::Slot& slot);
    const std::deque<Lane>& lanes() const { return lanes_; }
    /// The lane whose turn it is; null while none has a request. A lane keeps its turn until
    /// EndTurn.
    Lane* InTurn();
    void EndTurn();
    /// The one in which most wait; null when none does.
    Lane* Longest();
    /// Whether any lane stands.
    bool Stands(TimePoint now) const;

    const std::string name;
    std::vector<std::uint32_t> workers;  ///< indices of those that take requests now
    TokenBucket redispatches;
    ConcurrencyLimit limit;
    std::uint64_t outstanding = 0;  ///< requests that workers have, assigned or sent

  private:
    SlotList& ListOf(const PendingTable::Slot& slot) {
        return slot.suspect ? suspects_ : LaneOf(slot).waiting;
    }

    QueueDelayOptions delay_;
    std::deque<Lane> lanes_;            ///< by Route::lane
    std::vector<std::uint32_t> turns_;  ///< lanes that have requests; the first is in turn
    SlotList suspects_;
    std::size_t size_ = 0;  ///< of all lists
    std::uint64_t bytes_ = 0;
};

}  // namespace holdfast::gateway
