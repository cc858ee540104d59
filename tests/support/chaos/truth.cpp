#include "tests/support/chaos/truth.h"

#include <map>

#include "load/truth/sqlite.h"

namespace holdfast::testing {
namespace {

using load::SqliteConnection;
using load::SqliteQuery;

std::string Url(const std::filesystem::path& database) {
    return "sqlite://" + database.string();
}

}  // namespace

std::vector<load::StockLevel> StockOf(const std::filesystem::path& database) {
    return load::OpenOrdersDatabase(Url(database))->Stock();
}

load::Reconciliation ReconcileWith(const std::filesystem::path& ledger,
                                   const std::filesystem::path& database,
                                   const std::vector<load::StockLevel>& before) {
    return load::Reconcile(ledger, *load::OpenOrdersDatabase(Url(database)), before);
}

std::vector<std::string> Disagreements(const OrderTally& tally,
                                       const std::filesystem::path& database,
                                       const std::vector<load::StockLevel>& before) {
    std::vector<std::string> found;
    SqliteConnection connection(SqliteConnection::Mode::kRead, database);
    SqliteQuery integrity(connection, "PRAGMA integrity_check");
    while (integrity.Step()) {
        if (integrity.Text(0) != "ok") found.push_back("integrity: " + integrity.Text(0));
    }

    SqliteQuery order(connection, "SELECT customer FROM orders WHERE id = ?");
    for (const auto& [whose, id] : tally.told) {
        if (!order.With(std::string_view(id)).Step()) {
            found.push_back("missing: order " + id + " of " + whose.first);
        } else if (order.Text(0) != whose.first) {
            found.push_back("order " + id + " of " + whose.first + " belongs to " + order.Text(0));
        }
    }
    // Each customer of the clients places one order.
    SqliteQuery doubled(connection,
                        "SELECT customer, count(*) FROM orders GROUP BY customer "
                        "HAVING count(*) > 1");
    while (doubled.Step()) {
        found.push_back("doubled: " + doubled.Text(0) + " has " +
                        std::to_string(doubled.Integer(1)) + " orders");
    }
    SqliteQuery keys(connection,
                     "SELECT k.customer FROM idempotency_keys k "
                     "LEFT JOIN orders o ON o.id = k.order_id AND o.customer = k.customer "
                     "WHERE o.id IS NULL");
    while (keys.Step()) found.push_back("a key without its order: " + keys.Text(0));

    SqliteQuery stock(connection,
                      "SELECT a.stock + coalesce((SELECT sum(quantity) FROM order_lines l "
                      "WHERE l.sku = a.sku), 0) FROM articles a WHERE a.sku = ?");
    for (const load::StockLevel& level : before) {
        stock.With(std::string_view(level.sku)).Step();
        if (stock.Integer(0) != level.stock + level.ordered) {
            found.push_back("stock: " + level.sku + " had " +
                            std::to_string(level.stock + level.ordered) + " pieces, now " +
                            std::to_string(stock.Integer(0)));
        }
    }
    return found;
}

}  // namespace holdfast::testing
