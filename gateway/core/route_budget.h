#pragma once

#include <cstdint>
#include <optional>

#include "gateway/core/bounded_load.h"

namespace holdfast::gateway {

class RouteShare;

/// The bound on what one route may hold of the InflightBudget, in requests and in bytes, so that a
/// flood on it leaves room for the others.
///
/// Thread: any, lock-free. Owner: its Route. Outlives every RouteShare (asserted).
class RouteBudget {
  public:
    struct Limits {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
    };

    explicit RouteBudget(Limits limits) : limits_(limits), held_(limits.requests, limits.bytes) {}
    ~RouteBudget();
    RouteBudget(const RouteBudget&) = delete;
    RouteBudget& operator=(const RouteBudget&) = delete;

    /// One request with its first bytes. Nothing when either bound would be passed.
    std::optional<RouteShare> TryAdmit(std::uint64_t bytes);

    std::uint64_t requests() const { return held_.requests(); }
    std::uint64_t bytes() const { return held_.bytes(); }
    const Limits& limits() const { return limits_; }

  private:
    friend class RouteShare;

    const Limits limits_;
    BoundedLoad held_;
};

/// One request's part of its route's budget. Movable; given back by its destructor. An empty one is
/// that of a route without limits: it grants everything.
class RouteShare {
  public:
    RouteShare() = default;
    RouteShare(RouteShare&& other) noexcept;
    RouteShare& operator=(RouteShare&& other) noexcept;
    ~RouteShare() { Release(); }

    /// False when the bound would be passed, and then nothing has changed.
    [[nodiscard]] bool TryGrow(std::uint64_t bytes);
    void Shrink(std::uint64_t bytes);
    void Release();

  private:
    friend class RouteBudget;
    RouteShare(RouteBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}

    RouteBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
};

}  // namespace holdfast::gateway
