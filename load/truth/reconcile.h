#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/truth/orders_database.h"

namespace holdfast::load {

/// What can be wrong between what clients were told and what the database holds.
enum class DifferenceKind : std::uint8_t {
    kMissing,       ///< told created, or read: there is no such order
    kDiffers,       ///< told and stored are not the same: customer, sums or lines
    kDoubled,       ///< more orders of one mark than its requests could make
    kGhost,         ///< an order of this run that no request of the ledger could have made
    kNotProcessed,  ///< told "not processed" or refused, but there is an order
    kKeySplit,      ///< one idempotency key, two orders
    kSums,          ///< a stored order's own sums do not add up
    kStock,         ///< stock and orders do not balance
};
inline constexpr std::size_t kDifferenceKinds = 8;
std::string_view Name(DifferenceKind kind);

struct Difference {
    DifferenceKind kind = DifferenceKind::kMissing;
    std::string text;  ///< one line; names the ledger's line, the mark, the order
};

/// One article's balance.
struct StockBalance {
    std::string sku;
    std::int64_t before = 0;
    std::int64_t ordered = 0;  ///< since then
    std::int64_t now = 0;
    bool Balances() const { return before - ordered == now; }
};

struct Reconciliation {
    std::vector<std::string> runs;
    std::uint64_t requests = 0;  ///< lines that are requests
    /// What clients were told, by request.
    std::uint64_t created = 0;
    std::uint64_t read = 0;
    std::uint64_t refused = 0;
    std::uint64_t not_processed = 0;
    std::uint64_t unknown = 0;
    /// Those whose outcome stayed unknown to the end, retries with the same key counted once:
    std::uint64_t unknown_found = 0;   ///< there is an order
    std::uint64_t unknown_absent = 0;  ///< there is none
    std::vector<std::string> unknown_examples;

    std::uint64_t orders = 0;  ///< in the database, of these runs
    std::uint64_t counts[kDifferenceKinds] = {};
    std::vector<Difference> differences;  ///< at most kExamples of a kind
    std::vector<StockBalance> stock;
    bool stock_checked = false;  ///< the stock before the run is known
    /// Why the ledger is not whole; empty when it is. If it is not, orders that its requests do not
    /// explain are counted here, not as ghosts, doubles or despite "not processed": their line may
    /// be what is missing.
    std::string incomplete;
    std::uint64_t unexplained = 0;

    static constexpr std::size_t kExamples = 20;

    std::uint64_t Differences() const;
};

/// Compares a ledger with the database. Streams both: memory is bounded by about 128 MiB, one line
/// of the ledger and the list of articles, whatever the size of either; the rest lies in a
/// temporary file of about the ledger's size (in SQLITE_TMPDIR, TMPDIR or /var/tmp).
/// `before` is the stock before the run when the ledger does not have it. Throws LedgerError or
/// DatabaseError.
Reconciliation Reconcile(const std::string& ledger, OrdersDatabase& database,
                         const std::vector<StockLevel>& before);

/// For people; and for machines.
std::string ToText(const Reconciliation& reconciliation);
std::string ToJson(const Reconciliation& reconciliation);

}  // namespace holdfast::load
