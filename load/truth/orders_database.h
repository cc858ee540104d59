#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/truth/sqlite.h"

namespace holdfast::load {

struct OrderedLine {
    std::string sku;
    std::int64_t quantity = 0;
    std::int64_t line_total = 0;  ///< net, in minor units, as all amounts
    std::int64_t tax = 0;
};

struct StoredOrder {
    std::string id;
    std::string customer;
    std::string currency;
    std::int64_t net = 0;
    std::int64_t tax = 0;
    std::int64_t total = 0;
    std::vector<OrderedLine> lines;
};

struct StoredKey {
    std::string customer;
    std::string key;
    std::string order_id;
};

struct StockLevel {
    /// Either way: sums and differences of a few stay whole numbers, and JSON carries it exactly.
    static constexpr std::int64_t kMost = std::int64_t{1} << 53;
    static constexpr bool Holds(std::int64_t pieces) { return pieces >= -kMost && pieces <= kMost; }

    std::string sku;
    std::int64_t stock = 0;    ///< what is left
    std::int64_t ordered = 0;  ///< of all orders there are, whoever placed them
};

/// The orders as the system under test has stored them. All calls see one state: that of the first.
/// Nothing is written. Thread: one at a time. Every call throws DatabaseError.
class OrdersDatabase {
  public:
    virtual ~OrdersDatabase() = default;

    /// Orders whose customer begins with `prefix`, one at a time.
    virtual void ForEachOrder(const std::string& prefix,
                              const std::function<void(const StoredOrder&)>& visit) = 0;
    /// The idempotency keys that are still kept, of such customers.
    virtual void ForEachKey(const std::string& prefix,
                            const std::function<void(const StoredKey&)>& visit) = 0;
    /// By article.
    virtual std::vector<StockLevel> Stock() = 0;
};

/// sqlite:///absolute/path or sqlite:relative/path. It relies on these columns of the orders
/// plugin: orders (id, customer, currency, net, tax, total), order_lines (order_id, line, sku,
/// quantity, line_total, tax), idempotency_keys (customer, key, order_id), articles (sku, stock).
/// Another kind of database is one more scheme here. Throws DatabaseError, which says what would be
/// right.
std::unique_ptr<OrdersDatabase> OpenOrdersDatabase(const std::string& url);

}  // namespace holdfast::load
