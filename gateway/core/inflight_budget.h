#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "gateway/core/bounded_counter.h"
#include "gateway/core/bounded_load.h"
#include "gateway/core/route_budget.h"

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

    explicit InflightBudget(Limits limits)
        : limits_(limits), held_(limits.requests, limits.bytes), uploading_(limits.upload_bytes) {}
    ~InflightBudget();
    InflightBudget(const InflightBudget&) = delete;
    InflightBudget& operator=(const InflightBudget&) = delete;

    /// One request with its first bytes (its head), which `share` has of its route's budget.
    /// Nothing when either bound would be passed.
    std::optional<Permit> TryAdmit(std::uint64_t bytes, RouteShare share = {});

    std::uint64_t requests() const { return held_.requests(); }
    std::uint64_t bytes() const { return held_.bytes(); }
    std::uint64_t upload_bytes() const { return uploading_.value(); }
    const Limits& limits() const { return limits_; }

  private:
    friend class Permit;

    const Limits limits_;
    BoundedLoad held_;
    BoundedCounter uploading_;
};

/// The right to hold one request and so many bytes, of the whole budget and of its route's; gives
/// all back when it is destroyed. Movable; one thread at a time.
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
    /// Whether it was the route's bound that the last refused growth would have passed.
    bool refused_by_route() const { return refused_by_route_; }
    explicit operator bool() const { return budget_ != nullptr; }

  private:
    friend class InflightBudget;
    Permit(InflightBudget& budget, std::uint64_t bytes, RouteShare share)
        : budget_(&budget), share_(std::move(share)), bytes_(bytes) {}

    InflightBudget* budget_ = nullptr;
    RouteShare share_;
    std::uint64_t bytes_ = 0;
    std::uint64_t uploading_ = 0;
    bool refused_by_route_ = false;
};

}  // namespace holdfast::gateway
