#include "worker/plugins/orders/reply.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace holdfast::orders {
namespace {

/// The members in the order in which they are written down here.
using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
    // Nothing that was stored is invalid UTF-8; if the file says otherwise, an answer still leaves.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string CorrelationIdText(std::uint64_t id) {
    std::array<char, 17> text;
    std::snprintf(text.data(), text.size(), "%016" PRIx64, id);
    return text.data();
}

}  // namespace

std::string ToJson(const Order& order) {
    Json lines = Json::array();
    for (const OrderLine& line : order.lines) {
        lines.push_back(Json{{"sku", line.sku},
                             {"name", line.name},
                             {"quantity", line.quantity},
                             {"unitPrice", line.unit_price},
                             {"lineTotal", line.line_total},
                             {"taxRate", line.tax_rate},
                             {"tax", line.tax}});
    }
    return Dump(Json{{"orderId", order.id},
                     {"receivedAt", order.received_at},
                     {"status", order.status},
                     {"customer", order.customer},
                     {"currency", order.currency},
                     {"lines", std::move(lines)},
                     {"net", order.net},
                     {"tax", order.tax},
                     {"total", order.total}});
}

worker::Reply CreatedReply(const Placed& placed) {
    worker::Reply reply{.status = 201,
                        .headers = {{"content-type", "application/json"},
                                    {"location", "/v1/orders/" + placed.order.id}},
                        .body = ToJson(placed.order)};
    if (placed.replayed) reply.headers.emplace_back("idempotent-replay", "true");
    return reply;
}

worker::Reply FoundReply(const Order& order) {
    return {
        .status = 200, .headers = {{"content-type", "application/json"}}, .body = ToJson(order)};
}

worker::Reply ProblemReply(const Problem& problem, std::uint64_t correlation_id) {
    Json body{{"type", "urn:holdfast:orders:" + problem.slug},
              {"title", problem.title},
              {"status", problem.status},
              {"detail", problem.detail}};
    if (!problem.field.empty()) body["field"] = problem.field;
    body["correlationId"] = CorrelationIdText(correlation_id);
    return {.status = problem.status,
            .headers = {{"content-type", "application/problem+json"}},
            .body = Dump(body)};
}

}  // namespace holdfast::orders
