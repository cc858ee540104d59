#include "worker/plugins/orders/schema.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

#include "worker/plugins/orders/money.h"

namespace holdfast::orders {
namespace {

constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kTables = R"sql(
CREATE TABLE articles (
    sku        TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),  -- minor units, without tax
    tax_class  TEXT NOT NULL,
    stock      INTEGER NOT NULL CHECK (stock >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id            TEXT PRIMARY KEY,  -- UUIDv7: new ones go to the end
    received_at   TEXT NOT NULL,
    status        TEXT NOT NULL,
    customer      TEXT NOT NULL,
    currency      TEXT NOT NULL,
    net           INTEGER NOT NULL,
    tax           INTEGER NOT NULL,
    total         INTEGER NOT NULL,
    fingerprint   TEXT NOT NULL      -- of the request that made it
) STRICT, WITHOUT ROWID;

CREATE TABLE order_lines (
    order_id   TEXT NOT NULL,
    line       INTEGER NOT NULL,
    sku        TEXT NOT NULL,
    name       TEXT NOT NULL,  -- name, price and tax rate as they were
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    unit_price INTEGER NOT NULL,
    line_total INTEGER NOT NULL,
    tax_rate   INTEGER NOT NULL,
    tax        INTEGER NOT NULL,
    PRIMARY KEY (order_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    customer    TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,  -- ms since 1970
    PRIMARY KEY (customer, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
)sql";

struct Article {
    const char* sku;
    const char* name;
    Minor unit_price;
    const char* tax_class;
    std::int64_t most_stock;  ///< however much is asked for
};

constexpr std::int64_t kPlenty = std::numeric_limits<std::int64_t>::max();

constexpr std::array<Article, 5> kSamples{{
    {"tea-250", "Green tea 250 g", 1290, "reduced", kPlenty},
    {"coffee-500", "Coffee beans 500 g", 1599, "reduced", kPlenty},
    {"mug-blue", "Blue mug 0.3 l", 895, "standard", kPlenty},
    {"kettle-1l", "Kettle 1 l", 4990, "standard", kPlenty},
    {"first-flush-50", "First flush 50 g", 3450, "reduced", 3},
}};

/// The change of journal mode needs the file alone, and does not always ask the busy handler.
void EnterWal(Connection& connection, const Patience& patience) {
    for (;;) {
        try {
            connection.Execute("PRAGMA journal_mode = WAL");
            return;
        } catch (const DatabaseError& error) {
            if (!error.busy() || !patience.Lasts()) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::int64_t Number(Connection& connection, std::string_view sql) {
    Query query(connection, sql);
    return query.Step() ? query.Integer(0) : 0;
}

void Seed(Connection& connection, std::int64_t stock) {
    if (Number(connection, "SELECT count(*) FROM articles") > 0) return;
    for (const Article& article : kSamples) {
        Query(connection,
              "INSERT INTO articles (sku, name, unit_price, tax_class, stock) "
              "VALUES (?, ?, ?, ?, ?)",
              std::string_view(article.sku), std::string_view(article.name), article.unit_price,
              std::string_view(article.tax_class), std::min(article.most_stock, stock))
            .Run();
    }
}

}  // namespace

void PrepareSchema(const DatabaseOptions& options, std::optional<std::int64_t> seed_stock,
                   const Patience& patience) {
    Connection connection(options, &patience);
    // A worker that fails each order at once would be the least busy one, and draw them all.
    if (connection.read_only()) {
        throw std::runtime_error("the database " + options.path + " can only be read");
    }
    EnterWal(connection, patience);
    Transaction transaction(connection);
    const std::int64_t version = Number(connection, "PRAGMA user_version");
    if (version > kSchemaVersion) {
        throw std::runtime_error("the database has schema version " + std::to_string(version) +
                                 ", this plugin knows versions up to " +
                                 std::to_string(kSchemaVersion));
    }
    if (version == 0) {
        connection.Execute(kTables);
        connection.Execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
    }
    if (seed_stock) Seed(connection, *seed_stock);
    transaction.Commit();
}

}  // namespace holdfast::orders
