#pragma once

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace holdfast::sim {

/// What the product promises, each under its own name: a failure says which one was broken.
enum class Promise : std::uint8_t {
    kCompletedOnce,
    kOwnReply,
    kInTime,
    kNotTooEarly,
    kErasedFirst,
    kKnownEnd,
    kPermits,
    kBudgetBounds,
    kPlaced,
    kRequestCredit,
    kReplyCredit,
    kReplyBytesBounded,
    kWorkerCapacity,
    kNothingToTheDead,
    kNobodyWaitsForTheDead,
    kArrivedReplyCounts,
    kNeverTwice,
    kRedispatchedOnce,
    kNotProcessedIsCertain,
    kExpiredIsNotSent,
    kCancelledIsNotStarted,
    kContractKept,
    kRecovers,
    kNothingIsLeft,
    kCreditIsBack,
    kCount,
};

std::string_view Name(Promise promise);

/// A promise was broken.
class Violation : public std::runtime_error {
  public:
    Violation(Promise which, const std::string& detail)
        : std::runtime_error(std::string(Name(which)) + (detail.empty() ? "" : ": " + detail)),
          promise(which) {}
    const Promise promise;
};

/// `detail` is put together only when the promise is broken.
template <typename... Detail>
void Require(bool kept, Promise promise, const Detail&... detail) {
    if (kept) return;
    std::ostringstream text;
    ((text << detail), ...);
    throw Violation(promise, text.str());
}

}  // namespace holdfast::sim
