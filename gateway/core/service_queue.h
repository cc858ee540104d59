#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/pending_table.h"

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

/// One service: the requests that wait for a worker, and the workers that take them.
/// Requests that were lost once wait apart, so that one that cannot be placed holds up no other.
struct ServiceQueue {
    std::string name;
    SlotList waiting;
    SlotList suspects;
    std::uint64_t bytes = 0;             ///< of payload, both lists
    std::vector<std::uint32_t> workers;  ///< indices of those that take requests now
    TokenBucket redispatches;

    std::size_t size() const { return waiting.size() + suspects.size(); }
    SlotList& ListOf(const PendingTable::Slot& slot) { return slot.suspect ? suspects : waiting; }
};

}  // namespace holdfast::gateway
