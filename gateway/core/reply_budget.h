#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace holdfast::gateway {

/// The bound on reply bytes: those the gateway holds for clients that are still reading, and those
/// it has allowed workers to send. The Dispatcher grants credit only while both together fit.
///
/// Thread: any, lock-free. Outlives every ReplyCharge.
class ReplyBudget {
  public:
    explicit ReplyBudget(std::uint64_t limit) : limit_(limit) {}
    ReplyBudget(const ReplyBudget&) = delete;
    ReplyBudget& operator=(const ReplyBudget&) = delete;

    std::uint64_t limit() const { return limit_; }
    /// Bytes of replies that arrived and are not yet written out or dropped.
    std::uint64_t held() const { return held_.load(std::memory_order_relaxed); }

  private:
    friend class ReplyCharge;
    const std::uint64_t limit_;
    std::atomic<std::uint64_t> held_{0};
};

/// Says that the budget's owner holds these reply bytes, until it is destroyed. Movable.
class ReplyCharge {
  public:
    ReplyCharge() = default;
    ReplyCharge(ReplyBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {
        budget_->held_.fetch_add(bytes_, std::memory_order_relaxed);
    }
    ReplyCharge(ReplyCharge&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    ReplyCharge& operator=(ReplyCharge&& other) noexcept {
        std::swap(budget_, other.budget_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~ReplyCharge() {
        if (budget_ != nullptr) budget_->held_.fetch_sub(bytes_, std::memory_order_relaxed);
    }

  private:
    ReplyBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
};

}  // namespace holdfast::gateway
