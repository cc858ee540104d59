#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/plugins/orders/money.h"

namespace holdfast::orders {

struct RequestedLine {
    std::string sku;
    std::int64_t quantity = 0;
};

/// What the client asks for, once it has been validated.
struct OrderRequest {
    std::string customer;
    std::string currency;
    std::vector<RequestedLine> lines;
};

/// What the gateway and the client bring to one placing of an order.
struct NewOrder {
    std::string id;                 ///< UUID in lower case, made by the gateway
    std::string received_at;        ///< RFC 3339, taken by the gateway
    std::string idempotency_key{};  ///< empty: none
    OrderRequest request;
};

struct OrderLine {
    std::string sku;
    std::string name;
    std::int64_t quantity = 0;
    Minor unit_price = 0;
    Minor line_total = 0;  ///< net
    BasisPoints tax_rate = 0;
    Minor tax = 0;
};

/// An order as it stands in the database.
struct Order {
    std::string id;
    std::string received_at;
    std::string status;
    std::string customer;
    std::string currency;
    std::vector<OrderLine> lines;
    Minor net = 0;
    Minor tax = 0;
    Minor total = 0;
};

/// A refusal that the client caused; reply.h turns it into application/problem+json.
struct Problem {
    std::uint32_t status = 400;
    std::string slug;  ///< the stable end of the type URI: unknown-article
    std::string title;
    std::string detail;
    std::string field{};  ///< such as lines[0].sku; empty when no field is to blame
};

}  // namespace holdfast::orders
