#include "worker/plugins/orders/store.h"

#include <utility>

#include "worker/plugins/orders/schema.h"
#include "worker/plugins/orders/validation.h"

namespace holdfast::orders {
namespace {

/// Several processes may start at once on a missing file, on a slow disk.
constexpr std::chrono::seconds kSchemaPatience{30};

constexpr std::int64_t kKeysPurgedAtOnce = 16;

std::string LineField(std::size_t index, const char* member) {
    return "lines[" + std::to_string(index) + "]." + member;
}

Problem TooLarge(std::string field) {
    return {400, "amount-overflow", "The amount is too large",
            "the amount does not fit 64 bits of minor units", std::move(field)};
}

/// The order as it was stored, if it was.
std::optional<Order> Load(Connection& connection, std::string_view id) {
    Order order;
    {
        Query query(connection,
                    "SELECT id, received_at, status, customer, currency, net, tax, total "
                    "FROM orders WHERE id = ?",
                    id);
        if (!query.Step()) return std::nullopt;
        order = {.id = query.Text(0),
                 .received_at = query.Text(1),
                 .status = query.Text(2),
                 .customer = query.Text(3),
                 .currency = query.Text(4),
                 .lines = {},
                 .net = query.Integer(5),
                 .tax = query.Integer(6),
                 .total = query.Integer(7)};
    }
    Query lines(connection,
                "SELECT sku, name, quantity, unit_price, line_total, tax_rate, tax "
                "FROM order_lines WHERE order_id = ? ORDER BY line",
                id);
    while (lines.Step()) {
        order.lines.push_back({.sku = lines.Text(0),
                               .name = lines.Text(1),
                               .quantity = lines.Integer(2),
                               .unit_price = lines.Integer(3),
                               .line_total = lines.Integer(4),
                               .tax_rate = lines.Integer(5),
                               .tax = lines.Integer(6)});
    }
    return order;
}

struct StoredKey {
    std::string fingerprint;
    std::string order_id;
};

std::optional<StoredKey> FindKey(Connection& connection, const NewOrder& order,
                                 std::int64_t now_ms) {
    if (order.idempotency_key.empty()) return std::nullopt;
    Query query(connection,
                "SELECT fingerprint, order_id FROM idempotency_keys "
                "WHERE customer = ? AND key = ? AND expires_at > ?",
                order.request.customer, order.idempotency_key, now_ms);
    if (!query.Step()) return std::nullopt;
    return StoredKey{query.Text(0), query.Text(1)};
}

std::optional<std::string> FindFingerprint(Connection& connection, const std::string& id) {
    Query query(connection, "SELECT fingerprint FROM orders WHERE id = ?", id);
    if (!query.Step()) return std::nullopt;
    return query.Text(0);
}

}  // namespace

OrderStore::OrderStore(const Settings& settings, Clock clock)
    : settings_(settings),
      clock_(std::move(clock)),
      writer_(settings.database, 1),
      readers_(settings.database, settings.readers) {
    const Patience patience{std::chrono::steady_clock::now() + kSchemaPatience};
    PrepareSchema(settings_.database,
                  settings_.seed ? std::optional(settings_.seed_stock) : std::nullopt, patience);
}

PlaceResult OrderStore::Place(const NewOrder& order, const Patience& patience) {
    try {
        ConnectionPool::Lease writer = writer_.Acquire(patience);
        if (!writer) return NotProcessed{"the writer of this process is busy"};
        Transaction transaction(*writer);
        if (!patience.wanted()) return NotProcessed{"no longer wanted when its turn came"};
        bool changed = false;
        PlaceResult result = PlaceWithin(*writer, order, changed);
        if (changed) transaction.Commit();
        return result;
    } catch (const DatabaseError& error) {
        if (error.busy()) return NotProcessed{error.what()};
        throw;
    }
}

PlaceResult OrderStore::PlaceWithin(Connection& connection, const NewOrder& order, bool& changed) {
    const std::string fingerprint = Fingerprint(order.request);
    if (auto key = FindKey(connection, order, NowMs())) {
        if (key->fingerprint != fingerprint) {
            return Problem{422, "idempotency-key-reused", "The Idempotency-Key was used before",
                           "the same key came with another order", "Idempotency-Key"};
        }
        auto stored = Load(connection, key->order_id);
        if (!stored) throw std::runtime_error("a kept key names an order that is not there");
        const bool replayed = stored->id != order.id;
        return Placed{std::move(*stored), replayed};
    }
    if (auto known = FindFingerprint(connection, order.id)) {
        if (*known != fingerprint) {
            return Problem{409, "order-exists", "The order exists already",
                           "an order with this id but another content is stored", "orderId"};
        }
        return Placed{*Load(connection, order.id), false};
    }
    auto priced = Price(connection, order);
    if (auto* problem = std::get_if<Problem>(&priced)) return std::move(*problem);
    Order& made = std::get<Order>(priced);
    Insert(connection, order, made, fingerprint);
    changed = true;
    return Placed{std::move(made), false};
}

std::variant<Order, Problem> OrderStore::Price(Connection& connection,
                                               const NewOrder& order) const {
    if (order.request.currency != settings_.currency) {
        return Problem{422, "unsupported-currency", "The currency is not supported",
                       "prices are in " + settings_.currency, "currency"};
    }
    Order made{.id = order.id,
               .received_at = order.received_at,
               .status = "CREATED",
               .customer = order.request.customer,
               .currency = order.request.currency,
               .lines = {}};
    for (std::size_t i = 0; i < order.request.lines.size(); ++i) {
        const RequestedLine& wanted = order.request.lines[i];
        Query article(connection,
                      "SELECT name, unit_price, tax_class, stock FROM articles WHERE sku = ?",
                      wanted.sku);
        if (!article.Step()) {
            return Problem{422, "unknown-article", "There is no such article",
                           "no article has the sku " + wanted.sku, LineField(i, "sku")};
        }
        OrderLine line{.sku = wanted.sku,
                       .name = article.Text(0),
                       .quantity = wanted.quantity,
                       .unit_price = article.Integer(1)};
        const auto rate = settings_.tax_rates.find(article.Text(2));
        if (rate == settings_.tax_rates.end()) {
            throw std::runtime_error("tax_rates has no rate for the class " + article.Text(2) +
                                     " of article " + wanted.sku);
        }
        line.tax_rate = rate->second;
        const auto line_total = Multiply(line.unit_price, line.quantity);
        if (!line_total) return TooLarge(LineField(i, "quantity"));
        if (article.Integer(3) < wanted.quantity) {
            return Problem{409, "insufficient-stock", "There is not enough stock",
                           std::to_string(article.Integer(3)) + " of " + wanted.sku + " are left",
                           LineField(i, "quantity")};
        }
        line.line_total = *line_total;
        line.tax = TaxOn(line.line_total, line.tax_rate);
        const auto net = Add(made.net, line.line_total);
        const auto tax = Add(made.tax, line.tax);
        if (!net || !tax) return TooLarge("lines");
        made.net = *net;
        made.tax = *tax;
        made.lines.push_back(std::move(line));
    }
    const auto total = Add(made.net, made.tax);
    if (!total) return TooLarge("lines");
    made.total = *total;
    return made;
}

void OrderStore::Insert(Connection& connection, const NewOrder& request, const Order& order,
                        const std::string& fingerprint) {
    Query(connection,
          "INSERT INTO orders (id, received_at, status, customer, currency, net, tax, total, "
          "fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          order.id, order.received_at, order.status, order.customer, order.currency, order.net,
          order.tax, order.total, fingerprint)
        .Run();
    for (std::size_t i = 0; i < order.lines.size(); ++i) {
        const OrderLine& line = order.lines[i];
        Query(connection, "UPDATE articles SET stock = stock - ? WHERE sku = ?", line.quantity,
              line.sku)
            .Run();
        Query(connection,
              "INSERT INTO order_lines (order_id, line, sku, name, quantity, unit_price, "
              "line_total, tax_rate, tax) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
              order.id, static_cast<std::int64_t>(i), line.sku, line.name, line.quantity,
              line.unit_price, line.line_total, line.tax_rate, line.tax)
            .Run();
    }
    if (!request.idempotency_key.empty()) KeepKey(connection, request, fingerprint);
}

void OrderStore::KeepKey(Connection& connection, const NewOrder& order,
                         const std::string& fingerprint) {
    const std::int64_t now_ms = NowMs();
    // Each new key takes a few expired ones away, so that the table is bounded by the retention.
    Query(connection,
          "DELETE FROM idempotency_keys WHERE (customer, key) IN (SELECT customer, key FROM "
          "idempotency_keys WHERE expires_at <= ? LIMIT ?)",
          now_ms, kKeysPurgedAtOnce)
        .Run();
    Query(connection,
          "INSERT OR REPLACE INTO idempotency_keys (customer, key, fingerprint, order_id, "
          "expires_at) VALUES (?, ?, ?, ?, ?)",
          order.request.customer, order.idempotency_key, fingerprint, order.id,
          now_ms + settings_.key_retention.count())
        .Run();
}

FindResult OrderStore::Find(std::string_view id, const Patience& patience) {
    try {
        ConnectionPool::Lease reader = readers_.Acquire(patience);
        if (!reader) return NotProcessed{"every connection for reading is busy"};
        if (auto order = Load(*reader, id)) return std::move(*order);
        return Problem{404, "unknown-order", "There is no such order",
                       "no order has the id " + std::string(id), "id"};
    } catch (const DatabaseError& error) {
        if (error.busy()) return NotProcessed{error.what()};
        throw;
    }
}

std::int64_t OrderStore::NowMs() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_().time_since_epoch())
        .count();
}

}  // namespace holdfast::orders
