#include "load/truth/orders_database.h"

#include <string>
#include <utility>

namespace holdfast::load {
namespace {

/// The first text that no longer begins with `prefix`, which ends with an ASCII character.
std::string After(std::string prefix) {
    if (!prefix.empty()) ++prefix.back();
    return prefix;
}

std::int64_t Level(std::int64_t level) {
    if (!StockLevel::Holds(level)) {
        throw DatabaseError("a stock of " + std::to_string(level) + " pieces is out of range");
    }
    return level;
}

class SqliteOrders : public OrdersDatabase {
  public:
    explicit SqliteOrders(std::string path)
        : connection_(SqliteConnection::Mode::kRead, std::move(path)) {
        connection_.Execute("BEGIN");  // one state for all queries
        SqliteQuery(connection_, "SELECT count(*) FROM articles").Run();
    }

    void ForEachOrder(const std::string& prefix,
                      const std::function<void(const StoredOrder&)>& visit) override {
        SqliteQuery orders(connection_,
                           "SELECT id, customer, currency, net, tax, total FROM orders "
                           "WHERE customer >= ? AND customer < ?");
        SqliteQuery lines(connection_,
                          "SELECT sku, quantity, line_total, tax FROM order_lines "
                          "WHERE order_id = ? ORDER BY line");
        orders.With(prefix, After(prefix));
        while (orders.Step()) {
            StoredOrder order{.id = orders.Text(0),
                              .customer = orders.Text(1),
                              .currency = orders.Text(2),
                              .net = orders.Integer(3),
                              .tax = orders.Integer(4),
                              .total = orders.Integer(5),
                              .lines = {}};
            lines.With(order.id);
            while (lines.Step()) {
                order.lines.push_back({.sku = lines.Text(0),
                                       .quantity = lines.Integer(1),
                                       .line_total = lines.Integer(2),
                                       .tax = lines.Integer(3)});
            }
            visit(order);
        }
    }

    void ForEachKey(const std::string& prefix,
                    const std::function<void(const StoredKey&)>& visit) override {
        SqliteQuery keys(connection_,
                         "SELECT customer, key, order_id FROM idempotency_keys "
                         "WHERE customer >= ? AND customer < ?");
        keys.With(prefix, After(prefix));
        while (keys.Step()) {
            visit({.customer = keys.Text(0), .key = keys.Text(1), .order_id = keys.Text(2)});
        }
    }

    std::vector<StockLevel> Stock() override {
        SqliteQuery articles(connection_,
                             "SELECT a.sku, a.stock, coalesce(o.quantity, 0) FROM articles a "
                             "LEFT JOIN (SELECT sku, sum(quantity) AS quantity FROM order_lines "
                             "GROUP BY sku) o ON o.sku = a.sku ORDER BY a.sku");
        std::vector<StockLevel> levels;
        while (articles.Step()) {
            levels.push_back({.sku = articles.Text(0),
                              .stock = Level(articles.Integer(1)),
                              .ordered = Level(articles.Integer(2))});
        }
        return levels;
    }

  private:
    SqliteConnection connection_;
};

}  // namespace

std::unique_ptr<OrdersDatabase> OpenOrdersDatabase(const std::string& url) {
    constexpr std::string_view kScheme = "sqlite:";
    if (!url.starts_with(kScheme)) {
        throw DatabaseError(url + ": no such kind of database (sqlite:///PATH is right)");
    }
    std::string path = url.substr(kScheme.size());
    if (path.starts_with("//")) path = path.substr(2);  // sqlite:///path: an empty host
    if (path.empty()) throw DatabaseError(url + ": names no file (sqlite:///PATH is right)");
    return std::make_unique<SqliteOrders>(std::move(path));
}

}  // namespace holdfast::load
