#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::worker {

/// What happened to requests that did not simply run and get answered. Thread: the loop.
enum class Counter : std::uint8_t {
    kReceived,
    kFinished,
    kFailed,        ///< of these, by the plugin's fault
    kNotProcessed,  ///< of these, refused by the plugin before it did anything
    kDroppedExpired,
    kDroppedCancelled,
    kDroppedLeaseLost,
    kReturnedStuck,
    kReturnedDraining,
    kReturnedNoService,
    kReturnedOverCredit,
    kRepliesCancelled,
    kRepliesOfLostSession,
    kRepliesTooLarge,
    kCancelsUnknown,
    kItemsOfOtherSession,
    kDuplicateIds,
    kSessionsOpened,
    kLeasesLost,
    kGatewaysLost,
    kCount,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Counter::kCount)>
    kCounterNames = {
        "received",
        "finished",
        "failed",
        "not_processed",
        "dropped_expired",
        "dropped_cancelled",
        "dropped_lease_lost",
        "returned_stuck",
        "returned_draining",
        "returned_no_service",
        "returned_over_credit",
        "replies_cancelled",
        "replies_of_lost_session",
        "replies_too_large",
        "cancels_unknown",
        "items_of_other_session",
        "duplicate_ids",
        "sessions_opened",
        "leases_lost",
        "gateways_lost",
};
static_assert(!kCounterNames.back().empty(), "every counter has a name");

class Counters {
  public:
    void Add(Counter counter) { ++values_[static_cast<std::size_t>(counter)]; }
    std::uint64_t operator[](Counter counter) const {
        return values_[static_cast<std::size_t>(counter)];
    }

  private:
    std::array<std::uint64_t, static_cast<std::size_t>(Counter::kCount)> values_{};
};

/// "received=7 finished=6 ...", without those that are 0; "nothing" when all are.
std::string Text(const Counters& counters);

}  // namespace holdfast::worker
