#pragma once

#include <holdfast/worker/config.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "worker/plugins/orders/database.h"
#include "worker/plugins/orders/money.h"

namespace holdfast::orders {

/// The plugin's options; `holdfast-worker --describe` prints them, docs/plugins.md says more.
inline constexpr worker::ConfigSchema kConfigSchema{
    worker::Option::Text("database", "orders.db",
                         "the SQLite file; made when missing; several workers may share it"),
    worker::Option::Flag("seed", false, "put five sample articles into an empty database"),
    worker::Option::Integer("seed_stock", 1'000'000,
                            "pieces of each sample article that is not scarce")
        .Between(1, 1'000'000'000'000),
    worker::Option::Text("currency", "EUR", "of all prices; orders in another one get 422"),
    worker::Option::Integers("tax_rates", R"({"standard":1900,"reduced":700})",
                             "basis points by the articles' tax class")
        .Between(0, kMaxTaxRate),
    worker::Option::Duration("idempotency_retention", std::chrono::hours(24),
                             "how long a key gives the same order again")
        .Between(std::chrono::hours(0), std::chrono::hours(10 * 366 * 24)),
    worker::Option::Duration("busy_timeout", std::chrono::seconds(1),
                             "wait for other writers, within the request's deadline")
        .Between(std::chrono::hours(0), std::chrono::hours(10 * 366 * 24)),
    worker::Option::Integer("readers", 4, "connections that find orders, about 2 MiB each")
        .Between(1, 256),
    worker::Option::Integer("max_pages", 0, "limit of the file in pages of 4 KiB; 0: only the disk")
        .Between(0, 1'073'741'823),
    worker::Option::Text("synchronous", "normal", "full: each commit waits for the disk")
        .OneOf("normal|full"),
};

struct Settings {
    /// Throws worker::ConfigError for what types and bounds cannot say.
    explicit Settings(const worker::Config& config);

    DatabaseOptions database;
    bool seed;
    std::int64_t seed_stock;  ///< pieces of each sample article that is not scarce
    std::string currency;
    std::map<std::string, BasisPoints, std::less<>> tax_rates;
    std::chrono::milliseconds key_retention;
    std::chrono::milliseconds busy_timeout;
    std::size_t readers;  ///< connections for reading, beside the one that writes
};

/// Empty text gives the defaults. Throws worker::ConfigError.
Settings ParseSettings(std::string_view text);

}  // namespace holdfast::orders
