#pragma once

#include <cstdint>
#include <functional>

namespace holdfast::gateway {

/// Notices when a block of heap memory is freed, and asks `ask` at that moment. One at a time, for
/// the calling thread; this test program's operator delete tells it.
class FreedWatch {
  public:
    FreedWatch(const void* block, std::function<std::uint64_t()> ask);
    ~FreedWatch();
    FreedWatch(const FreedWatch&) = delete;
    FreedWatch& operator=(const FreedWatch&) = delete;

    bool freed() const { return freed_; }
    std::uint64_t seen() const { return seen_; }

    static void OnFree(const void* block) noexcept;

  private:
    const void* const block_;
    std::function<std::uint64_t()> ask_;
    bool freed_ = false;
    std::uint64_t seen_ = 0;
};

}  // namespace holdfast::gateway
