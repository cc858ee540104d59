#include "worker/core/credit.h"

#include <algorithm>

namespace holdfast::worker {
namespace {

std::uint64_t Committed(const CreditTotals& totals, bool idle) {
    const std::uint64_t unused = totals.unused();
    return totals.held() + (idle ? std::min<std::uint64_t>(unused, 1) : unused);
}

/// One account's part of `whole`, by weight, without overflow for any real capacity.
std::uint64_t Share(std::uint64_t whole, std::uint64_t weight, std::uint64_t weights) {
    const double part = static_cast<double>(weight) / static_cast<double>(weights);
    return std::max<std::uint64_t>(1,
                                   static_cast<std::uint64_t>(static_cast<double>(whole) * part));
}

void Raise(CreditTotals& totals, std::uint64_t share, std::uint64_t& available) {
    const std::uint64_t target = totals.done + share;
    std::uint64_t raise = 0;
    if (target > totals.granted) raise = std::min(target - totals.granted, available);
    if (totals.granted + raise <= totals.done) raise = totals.done + 1 - totals.granted;
    totals.granted += raise;
    available -= std::min(raise, available);
}

}  // namespace

void CreditAccount::Receive(std::uint64_t payload, TimePoint now) {
    ++requests.received;
    bytes.received += payload;
    ++demand;
    last_received = now;
}

void CreditAccount::Done(std::uint64_t payload) {
    ++requests.done;
    bytes.done += payload;
}

void SplitCredit(std::span<CreditAccount* const> accounts, Capacity capacity, TimePoint now) {
    std::uint64_t weights = 0;
    Capacity available = capacity;
    for (const CreditAccount* account : accounts) {
        weights += account->demand + 1;
        const bool idle = now - account->last_received >= kIdleAfter;
        available.requests -=
            std::min(available.requests, Committed(account->requests, idle && accounts.size() > 1));
        available.bytes -=
            std::min(available.bytes, Committed(account->bytes, idle && accounts.size() > 1));
    }
    for (CreditAccount* account : accounts) {
        const std::uint64_t weight = account->demand + 1;
        Raise(account->requests, Share(capacity.requests, weight, weights), available.requests);
        Raise(account->bytes, Share(capacity.bytes, weight, weights), available.bytes);
    }
}

}  // namespace holdfast::worker
