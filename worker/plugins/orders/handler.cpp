#include "worker/plugins/orders/handler.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "worker/plugins/orders/reply.h"
#include "worker/plugins/orders/validation.h"

namespace holdfast::orders {
namespace {

bool Wanted(const worker::Request& request) {
    return !request.Cancelled() && !request.Expired();
}

worker::Reply Refused(NotProcessed refusal) {
    return worker::Reply::NotProcessed(std::move(refusal.reason));
}

}  // namespace

OrderHandler::OrderHandler(const Settings& settings, OrderStore::Clock clock)
    : busy_timeout_(settings.busy_timeout), store_(settings, std::move(clock)) {}

worker::Reply OrderHandler::Handle(const Request& request) {
    if (!Wanted(request)) return Reply::NotProcessed("no longer wanted when it was started");
    const auto id = request.Parameter("id");
    if (!id && request.method() == "POST") return Place(request);
    if (id && (request.method() == "GET" || request.method() == "HEAD")) return Find(request, *id);
    Reply reply = ProblemReply({405, "method-not-allowed", "The method is not allowed here",
                                "orders are placed with POST and read with GET"},
                               request.correlation_id());
    reply.headers.emplace_back("allow", id ? "GET, HEAD" : "POST");
    return reply;
}

worker::Reply OrderHandler::Place(const Request& request) {
    auto parsed = ParseOrderRequest(request.body());
    if (const auto* problem = std::get_if<Problem>(&parsed)) {
        return ProblemReply(*problem, request.correlation_id());
    }
    if (const auto problem = CheckIdempotencyKey(request.idempotency_key())) {
        return ProblemReply(*problem, request.correlation_id());
    }
    const auto id = ParseUuid(request.Attribute("orderId").value_or(""));
    const std::string received_at(request.Attribute("receivedAt").value_or(""));
    if (!id || received_at.empty()) {
        throw std::runtime_error("the gateway's route must add orderId (a UUID) and receivedAt");
    }
    const NewOrder order{.id = *id,
                         .received_at = received_at,
                         .idempotency_key = std::string(request.idempotency_key()),
                         .request = std::move(std::get<OrderRequest>(parsed))};
    PlaceResult result = store_.Place(order, PatienceFor(request));
    if (auto* placed = std::get_if<Placed>(&result)) return CreatedReply(*placed);
    if (auto* problem = std::get_if<Problem>(&result)) {
        return ProblemReply(*problem, request.correlation_id());
    }
    return Refused(std::move(std::get<NotProcessed>(result)));
}

worker::Reply OrderHandler::Find(const Request& request, std::string_view text) {
    const auto id = ParseUuid(text);
    if (!id) {
        return ProblemReply({400, "invalid-order-id", "The order id is not valid",
                             "must be a UUID such as 018f4b1e-7c2a-7d3e-9a51-2b6f0c9d8e7f", "id"},
                            request.correlation_id());
    }
    FindResult result = store_.Find(*id, PatienceFor(request));
    if (auto* order = std::get_if<Order>(&result)) return FoundReply(*order);
    if (auto* problem = std::get_if<Problem>(&result)) {
        return ProblemReply(*problem, request.correlation_id());
    }
    return Refused(std::move(std::get<NotProcessed>(result)));
}

Patience OrderHandler::PatienceFor(const Request& request) const {
    const std::chrono::nanoseconds time =
        std::min<std::chrono::nanoseconds>(busy_timeout_, request.Remaining());
    return {std::chrono::steady_clock::now() + time, [request] { return Wanted(request); }};
}

}  // namespace holdfast::orders
