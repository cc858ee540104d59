#pragma once

#include <cstdint>

#include "gateway/core/bounded_counter.h"

namespace holdfast::gateway {

/// Requests that are held, and their bytes, each up to its limit. Thread: any, lock-free.
class BoundedLoad {
  public:
    BoundedLoad(std::uint64_t requests, std::uint64_t bytes) : requests_(requests), bytes_(bytes) {}

    /// One request with its first bytes. False, and nothing changed, when a limit would be passed.
    [[nodiscard]] bool TryAdmit(std::uint64_t bytes) {
        if (!requests_.TryAdd(1)) return false;
        if (bytes_.TryAdd(bytes)) return true;
        requests_.Subtract(1);
        return false;
    }
    /// The same for more bytes of a request that was admitted.
    [[nodiscard]] bool TryGrow(std::uint64_t bytes) { return bytes_.TryAdd(bytes); }
    void Shrink(std::uint64_t bytes) { bytes_.Subtract(bytes); }
    /// One request goes, with all the bytes that it has now.
    void Release(std::uint64_t bytes) {
        bytes_.Subtract(bytes);
        requests_.Subtract(1);
    }

    std::uint64_t requests() const { return requests_.value(); }
    std::uint64_t bytes() const { return bytes_.value(); }

  private:
    BoundedCounter requests_;
    BoundedCounter bytes_;
};

}  // namespace holdfast::gateway
