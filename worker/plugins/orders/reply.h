#pragma once

#include <holdfast/worker/responder.hpp>

#include <cstdint>
#include <string>

#include "worker/plugins/orders/order.h"
#include "worker/plugins/orders/store.h"

namespace holdfast::orders {

/// The order as JSON; amounts are integers in minor units, tax rates in basis points.
std::string ToJson(const Order& order);

/// 201 with Location, and Idempotent-Replay when an earlier request had placed it.
worker::Reply CreatedReply(const Placed& placed);
/// 200.
worker::Reply FoundReply(const Order& order);
/// application/problem+json (RFC 9457), type urn:holdfast:orders:<slug>.
worker::Reply ProblemReply(const Problem& problem, std::uint64_t correlation_id);

}  // namespace holdfast::orders
