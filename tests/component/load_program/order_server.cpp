#include "tests/component/load_program/order_server.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace holdfast::load {
namespace {

using nlohmann::json;
using Reply = test::ScriptedServer::Reply;

json OrderOf(const json& request, const std::string& id) {
    json order = request;
    order["orderId"] = id;
    order["receivedAt"] = "2026-01-01T00:00:00.000Z";
    order["status"] = "CREATED";
    std::int64_t net = 0;
    std::int64_t tax = 0;
    for (json& line : order["lines"]) {
        const std::int64_t line_total = line.at("quantity").get<std::int64_t>() * 1000;
        line["name"] = "n";
        line["unitPrice"] = 1000;
        line["lineTotal"] = line_total;
        line["taxRate"] = 1900;
        line["tax"] = line_total * 19 / 100;
        net += line_total;
        tax += line_total * 19 / 100;
    }
    order["net"] = net;
    order["tax"] = tax;
    order["total"] = net + tax;
    return order;
}

std::string Created(const json& order) {
    return test::HttpAnswer(order.dump(), "201 Created",
                            "Content-Type: application/json\r\nHoldfast-Outcome: replied\r\n"
                            "Location: /v1/orders/" +
                                order.at("orderId").get<std::string>() + "\r\n");
}

}  // namespace

OrderServer::OrderServer(std::function<Fault(std::uint64_t)> decide)
    : decide_(std::move(decide)),
      server_([this](const test::ScriptedServer::Asked& asked) { return Answer(asked); }) {}

std::uint64_t OrderServer::Did(Fault fault) {
    const std::lock_guard lock(mutex_);
    return did_[static_cast<std::size_t>(fault)];
}

Reply OrderServer::Answer(const test::ScriptedServer::Asked& asked) {
    const json request = json::parse(asked.body);
    const std::lock_guard lock(mutex_);
    Fault fault = decide_(asked.number);
    if (fault == Fault::kRepeatedId && first_id_.empty()) fault = Fault::kNone;
    ++did_[static_cast<std::size_t>(fault)];

    json order = OrderOf(request, "id-" + std::to_string(++next_id_));
    if (fault == Fault::kNone && first_id_.empty()) first_id_ = order.at("orderId");
    if (fault == Fault::kCrossed) order["customer"] = other_customer_;
    if (fault == Fault::kRepeatedId) order["orderId"] = first_id_;
    if (fault == Fault::kWrongTotal) order["total"] = order["total"].get<std::int64_t>() + 1;
    if (fault == Fault::kWrongValue) order["status"] = "LOST";
    other_customer_ = request.at("customer");
    Reply reply{.bytes = Created(order)};
    switch (fault) {
        case Fault::kLate:
            reply.delay = std::chrono::milliseconds(100);
            break;
        case Fault::kSilent:
            reply.bytes.clear();
            break;
        case Fault::kDropped:
            reply.bytes.clear();
            reply.then = Reply::Then::kClose;
            break;
        case Fault::kHalf:
            reply.bytes.resize(reply.bytes.size() / 2);
            reply.then = Reply::Then::kClose;
            break;
        case Fault::kTwice:
            reply.bytes += reply.bytes;
            break;
        case Fault::kNotHttp:
            reply.bytes = "SMTP ready\r\n\r\n";
            reply.then = Reply::Then::kClose;
            break;
        case Fault::kWrongStatus:
            reply.bytes = test::HttpAnswer("{}", "500 Internal Server Error");
            break;
        default:
            break;
    }
    return reply;
}

std::string OrderFlow(const std::string& rate, const std::string& length, const std::string& more) {
    return OrderFlowOf("{rate: " + rate + ", duration: " + length + "}", more);
}

std::string OrderFlowOf(const std::string& load, const std::string& more) {
    return "name: orders\nload: " + load + R"(
steps:
  - name: create
    request: POST /v1/orders
    timeout: 1s
    json: {customer: '${mark}', currency: EUR, lines: [{sku: tea, quantity: 2}]}
    expect: {status: 201, json: {/status: CREATED}}
    mark: /customer
    unique: /orderId
    order_totals: true
)" + more;
}

}  // namespace holdfast::load
