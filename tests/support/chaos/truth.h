#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "load/truth/reconcile.h"
#include "tests/support/chaos/order_clients.h"

namespace holdfast::testing {

/// The stock of the orders database as it is now.
std::vector<load::StockLevel> StockOf(const std::filesystem::path& database);

/// Holds the ledger against the database, as `holdfast-load reconcile` does.
load::Reconciliation ReconcileWith(const std::filesystem::path& ledger,
                                   const std::filesystem::path& database,
                                   const std::vector<load::StockLevel>& before);

/// The same by other means, from what the clients themselves remember: SQLite's own integrity
/// check, every order told of is there, every key has one order, and pieces in stock and in orders
/// add up to `before`. What is not so, in words.
std::vector<std::string> Disagreements(const OrderTally& tally,
                                       const std::filesystem::path& database,
                                       const std::vector<load::StockLevel>& before);

}  // namespace holdfast::testing
