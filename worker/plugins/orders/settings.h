#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "worker/plugins/orders/database.h"
#include "worker/plugins/orders/money.h"

namespace holdfast::orders {

/// The plugin's config; docs/plugins.md lists the JSON members that it is read from.
struct Settings {
    DatabaseOptions database{.path = "orders.db"};
    bool seed = false;
    std::int64_t seed_stock = 1'000'000;  ///< pieces of each sample article that is not scarce
    std::string currency = "EUR";
    std::map<std::string, BasisPoints, std::less<>> tax_rates{{"standard", 1900}, {"reduced", 700}};
    std::chrono::milliseconds key_retention = std::chrono::hours(24);
    std::chrono::milliseconds busy_timeout = std::chrono::seconds(1);
    std::size_t readers = 4;  ///< connections for reading, beside the one that writes
};

/// Empty text gives the defaults. Throws std::invalid_argument that names the member and what would
/// be right.
Settings ParseSettings(std::string_view text);

}  // namespace holdfast::orders
