#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast::gateway {

class Permit;

/// The bound on everything that is held for requests, in requests and in bytes.
/// Bytes of bodies that are still arriving also count against a smaller upload share, so that a few
/// slow uploads cannot hold it all.
///
/// Thread: any, lock-free. Outlives every Permit (asserted).
class InflightBudget {
  public:
    struct Limits {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::uint64_t upload_bytes = 0;
    };

    explicit InflightBudget(Limits limits) : limits_(limits) {}
    ~InflightBudget();
    InflightBudget(const InflightBudget&) = delete;
    InflightBudget& operator=(const InflightBudget&) = delete;

    /// One request with its first bytes (its head). Nothing when either bound would be passed.
    std::optional<Permit> TryAdmit(std::uint64_t bytes);

    std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }
    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    std::uint64_t upload_bytes() const { return uploading_.load(std::memory_order_relaxed); }
    const Limits& limits() const { return limits_; }

  private:
    friend class Permit;
    static bool TryAdd(std::atomic<std::uint64_t>& used, std::uint64_t amount, std::uint64_t limit);

    const Limits limits_;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> uploading_{0};
};

/// The right to hold one request and so many bytes; gives both back when it is destroyed.
/// Movable; one thread at a time.
class Permit {
  public:
    Permit() = default;
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { Release(); }

    /// Asks for `bytes` more, for a body that is arriving. Never waits; false when a bound would be
    /// passed, and then nothing has changed.
    [[nodiscard]] bool TryGrowUpload(std::uint64_t bytes);

    /// The same for bytes that are here already and wait for nobody.
    [[nodiscard]] bool TryGrow(std::uint64_t bytes);

    /// The body is complete: its bytes no longer count as an upload.
    void FinishUpload();

    /// Gives everything back now.
    void Release();

    std::uint64_t bytes() const { return bytes_; }
    explicit operator bool() const { return budget_ != nullptr; }

  private:
    friend class InflightBudget;
    Permit(InflightBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}

    InflightBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
    std::uint64_t uploading_ = 0;
};

}  // namespace holdfast::gateway
