#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "worker/plugins/orders/store.h"

namespace holdfast::orders {

inline Patience NoPatience() {
    return {std::chrono::steady_clock::now()};
}
inline Patience MuchPatience() {
    return {std::chrono::steady_clock::now() + std::chrono::seconds(30)};
}

/// The UUID whose last digits are `number`.
inline std::string OrderId(int number) {
    std::string digits = std::to_string(number);
    return "018f4b1e-7c2a-7d3e-9a51-" + std::string(12 - digits.size(), '0') + digits;
}

inline NewOrder MakeOrder(int number, std::vector<RequestedLine> lines = {{"tea-250", 2}},
                          std::string key = {}) {
    return {.id = OrderId(number),
            .received_at = "2024-05-01T12:00:00.000Z",
            .idempotency_key = std::move(key),
            .request = {.customer = "c-42", .currency = "EUR", .lines = std::move(lines)}};
}

/// A seeded database in a directory of its own, and a wall clock that the test moves.
class StoreTest : public testing::Test {
  protected:
    StoreTest() {
        std::string pattern = testing::TempDir() + "orders-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        settings_.database.path = directory_ + "/orders.db";
        settings_.seed = true;
    }
    ~StoreTest() override {
        store_.reset();
        std::filesystem::remove_all(directory_);
    }
    OrderStore& Store() {
        if (!store_) {
            store_ = std::make_unique<OrderStore>(settings_, [this] { return now_; });
        }
        return *store_;
    }
    std::int64_t Number(const std::string& sql) {
        Connection connection(settings_.database);
        Query query(connection, sql);
        return query.Step() ? query.Integer(0) : -1;
    }
    std::int64_t Stock(const std::string& sku) {
        return Number("SELECT stock FROM articles WHERE sku = '" + sku + "'");
    }
    void Change(const std::string& sql) { Connection(settings_.database).Execute(sql); }

    std::string directory_;
    Settings settings_ = ParseSettings("");
    std::chrono::system_clock::time_point now_{std::chrono::hours(24 * 365 * 54)};
    std::unique_ptr<OrderStore> store_;
};

}  // namespace holdfast::orders
