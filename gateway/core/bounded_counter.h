#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast::gateway {

/// A number that never passes its limit. Thread: any, lock-free.
class BoundedCounter {
  public:
    explicit BoundedCounter(std::uint64_t limit) : limit_(limit) {}

    /// False, and nothing changed, when the limit would be passed.
    [[nodiscard]] bool TryAdd(std::uint64_t amount) {
        std::uint64_t now = value();
        do {
            if (amount > limit_ || now > limit_ - amount) return false;
        } while (!value_.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
        return true;
    }
    void Subtract(std::uint64_t amount) { value_.fetch_sub(amount, std::memory_order_relaxed); }

    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    const std::uint64_t limit_;
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace holdfast::gateway
