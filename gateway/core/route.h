#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/route_budget.h"

namespace holdfast::gateway {

/// What Application 1 adds to a request and to its answer.
struct Addition {
    enum class Source : std::uint8_t { kUuid7, kReceivedAt, kBody, kPath, kHeader };
    std::string field;
    Source source = Source::kUuid7;
    std::string name;  ///< the body member, path parameter or header; empty for the other sources
};

/// What the configuration says of one route. Made at start, immutable but for what its budget
/// counts, outlives every request.
struct Route {
    std::string path;  ///< the pattern, such as /v1/orders/{id}
    std::vector<std::string> methods;
    std::string service;
    std::uint32_t service_index = 0;  ///< its place in DispatcherOptions::services
    std::uint32_t lane = 0;           ///< its place among the routes of its service
    Duration timeout{};
    Duration wait_for_worker{};
    std::uint64_t body_limit = 0;
    std::shared_ptr<RouteBudget> budget;  ///< null: bounded by the whole InflightBudget only
    bool idempotent = false;
    bool idempotency_key = false;  ///< the service honours Idempotency-Key
    std::vector<std::string> content_types;
    std::vector<Addition> additions;
};

}  // namespace holdfast::gateway
