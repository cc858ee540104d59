#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "load/truth/orders_database.h"

namespace holdfast::load {

/// The ledger cannot be used: which file, and why.
struct LedgerError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What a client knows of its request once it has its answer, or has none.
enum class Verdict : std::uint8_t {
    kCreated,       ///< 2xx to a request with a body, and it holds the order
    kRead,          ///< 2xx to a request without a body, and it holds the order
    kNotProcessed,  ///< nothing was done: Holdfast-Processed: no, or it was never sent
    kRefused,       ///< a final no: 4xx
    kUnknown,       ///< no answer, 502, 504, an answer that cannot be read or is another's
    kNothing,       ///< told of no order, asked for none
};

/// One request of the ledger, as far as orders go.
struct LedgerRequest {
    std::string mark;
    std::string key;
    Verdict verdict = Verdict::kNothing;
    bool creates = false;  ///< it had a body: an order could come of it
    std::string order_id;  ///< kCreated, kRead
    std::string content;   ///< of the order: see ContentOf
    std::string told;      ///< "201", "504 unknown", "timeout": for people
};

struct LedgerBegin {
    std::string run;
    std::uint64_t process = 0;
    std::uint64_t processes = 1;
};
struct LedgerEnd {
    std::string run;
    std::uint64_t process = 0;
    std::uint64_t recorded = 0;
    std::uint64_t lost = 0;
};
/// The stock before the run.
struct LedgerStock {
    std::vector<StockLevel> levels;
};
/// A line that is none of the above: it was cut.
struct LedgerTorn {};

using LedgerLine = std::variant<LedgerTorn, LedgerRequest, LedgerBegin, LedgerEnd, LedgerStock>;

/// One line at a time, with its number from 1. Throws LedgerError when the file cannot be read.
void ReadLedger(const std::string& path,
                const std::function<void(std::uint64_t number, const LedgerLine&)>& visit);

LedgerLine ParseLedgerLine(const std::string& text);

/// The line of the stock before the run, as ParseLedgerLine takes it.
std::string StockLine(const std::string& run, const std::vector<StockLevel>& levels);

/// An order's content in one text, for comparing what was told with what is stored: currency,
/// sums and lines.
std::string ContentOf(const StoredOrder& order);

}  // namespace holdfast::load
