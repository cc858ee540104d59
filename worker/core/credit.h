#pragma once

#include <cstdint>
#include <span>

#include "worker/core/clock.h"

namespace holdfast::worker {

/// One resource (requests, or bytes of payload) of one session, in totals that only grow.
///
///     done <= received <= granted     (bytes: the last request may exceed what was granted)
struct CreditTotals {
    std::uint64_t granted = 0;
    std::uint64_t received = 0;
    std::uint64_t done = 0;  ///< finished, dropped, cancelled or returned

    std::uint64_t held() const { return received - done; }
    std::uint64_t unused() const { return granted > received ? granted - received : 0; }
};

/// What one gateway may have this worker hold.
struct CreditAccount {
    CreditTotals requests;
    CreditTotals bytes;
    std::uint64_t demand = 0;  ///< requests of late, halved every kDemandHalfLife
    TimePoint last_received;

    void Receive(std::uint64_t payload, TimePoint now);
    void Done(std::uint64_t payload);
};

struct Capacity {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;
};

inline constexpr Duration kDemandHalfLife = std::chrono::milliseconds(100);
inline constexpr Duration kIdleAfter = std::chrono::seconds(1);

/// Raises what the accounts are granted, so that together they stay within `capacity`: at least one
/// request (and one byte) each, the rest by demand. Grants cannot be taken back: an account above
/// its share gets no new credit until it has shrunk. What an account has not used for kIdleAfter
/// counts as free: should both use it, Worker hands back what exceeds the capacity.
void SplitCredit(std::span<CreditAccount* const> accounts, Capacity capacity, TimePoint now);

}  // namespace holdfast::worker
