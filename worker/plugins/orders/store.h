#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "worker/plugins/orders/connection_pool.h"
#include "worker/plugins/orders/order.h"
#include "worker/plugins/orders/settings.h"

namespace holdfast::orders {

/// The order as stored; not the new one when it had been placed before.
struct Placed {
    Order order;
    /// It was placed by an earlier request with the same idempotency key.
    bool replayed = false;
};

/// Nothing was done, and nothing will be: safe to try again.
struct NotProcessed {
    std::string reason;
};

using PlaceResult = std::variant<Placed, Problem, NotProcessed>;
using FindResult = std::variant<Order, Problem, NotProcessed>;

/// Orders, articles and idempotency keys in one SQLite file in WAL mode, which several processes
/// may share. Placing an order is one transaction: it reserves the stock and inserts the order, or
/// does nothing. Thread: any. Blocks: on the disk, and on other writers as far as the patience
/// goes.
class OrderStore {
  public:
    /// The wall clock, for the retention of keys.
    using Clock = std::function<std::chrono::system_clock::time_point()>;

    /// Creates the schema where it is missing. Throws DatabaseError or std::runtime_error.
    explicit OrderStore(const Settings& settings, Clock clock = &std::chrono::system_clock::now);

    /// Throws DatabaseError when the disk is full or the file is damaged; then nothing was done.
    PlaceResult Place(const NewOrder& order, const Patience& patience);
    /// `id` in lower case. Throws DatabaseError.
    FindResult Find(std::string_view id, const Patience& patience);

  private:
    PlaceResult PlaceWithin(Connection& connection, const NewOrder& order, bool& changed);
    std::variant<Order, Problem> Price(Connection& connection, const NewOrder& order) const;
    void Insert(Connection& connection, const NewOrder& request, const Order& order,
                const std::string& fingerprint);
    void KeepKey(Connection& connection, const NewOrder& order, const std::string& fingerprint);
    std::int64_t NowMs() const;

    const Settings settings_;
    const Clock clock_;
    ConnectionPool writer_;
    ConnectionPool readers_;
};

}  // namespace holdfast::orders
