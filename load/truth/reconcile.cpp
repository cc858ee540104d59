#include "load/truth/reconcile.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "load/truth/ledger_reader.h"
#include "load/truth/scratch.h"

namespace holdfast::load {
namespace {

constexpr std::array<std::string_view, kDifferenceKinds> kNames = {
    "missing",   "differs", "doubled", "ghost", "not_processed_but_exists",
    "key_split", "sums",    "stock"};

/// Reads the ledger into the scratch file, and what frames it.
class Intake {
  public:
    Intake(Scratch& scratch, Reconciliation& into) : scratch_(scratch), into_(into) {}

    void Take(std::uint64_t number, const LedgerLine& line) {
        line_ = number;
        std::visit([this](const auto& one) { Take(one); }, line);
    }

    /// After the last line.
    void Conclude() {
        std::string why;
        const auto add = [&why](std::uint64_t count, const char* what) {
            if (count == 0) return;
            why += (why.empty() ? "" : ", ") + std::to_string(count) + what;
        };
        add(torn_, " cut lines");
        add(lost_, " lines that could not be written");
        add(begun_ - std::min(begun_, ended_), " generator processes that did not end properly");
        const std::uint64_t written = recorded_ - std::min(recorded_, lost_);
        add(written - std::min(written, into_.requests), " lines that are gone");
        into_.incomplete = why;
    }

    std::vector<StockLevel> stock_before;

  private:
    void Take(const LedgerTorn&) { ++torn_; }
    void Take(const LedgerBegin& begin) {
        ++begun_;
        if (std::find(into_.runs.begin(), into_.runs.end(), begin.run) == into_.runs.end()) {
            into_.runs.push_back(begin.run);
        }
    }
    void Take(const LedgerEnd& end) {
        ++ended_;
        recorded_ += end.recorded;
        lost_ += end.lost;
    }
    void Take(const LedgerStock& stock) {
        if (stock_before.empty()) stock_before = stock.levels;  // the first run's
    }
    void Take(const LedgerRequest& request) {
        ++into_.requests;
        switch (request.verdict) {
            case Verdict::kCreated:
                ++into_.created;
                break;
            case Verdict::kRead:
                ++into_.read;
                break;
            case Verdict::kNotProcessed:
                ++into_.not_processed;
                break;
            case Verdict::kRefused:
                ++into_.refused;
                break;
            case Verdict::kUnknown:
                ++into_.unknown;
                break;
            case Verdict::kNothing:
                break;
        }
        scratch_.Add(line_, request);
    }

    Scratch& scratch_;
    Reconciliation& into_;
    std::uint64_t line_ = 0;
    std::uint64_t torn_ = 0;
    std::uint64_t begun_ = 0;
    std::uint64_t ended_ = 0;
    std::uint64_t recorded_ = 0;
    std::uint64_t lost_ = 0;
};

void CompareStock(Reconciliation& into, const std::vector<StockLevel>& before,
                  const std::vector<StockLevel>& now) {
    into.stock_checked = !before.empty();
    std::map<std::string, StockLevel> levels;
    for (const StockLevel& level : now) levels[level.sku] = level;
    for (const StockLevel& then : before) {
        const StockLevel& level = levels[then.sku];
        const StockBalance balance{.sku = then.sku,
                                   .before = then.stock,
                                   .ordered = level.ordered - then.ordered,
                                   .now = level.stock};
        into.stock.push_back(balance);
        if (balance.Balances()) continue;
        AddDifference(into, DifferenceKind::kStock,
                      then.sku + ": " + std::to_string(balance.before) + " before, " +
                          std::to_string(balance.ordered) + " ordered since, but " +
                          std::to_string(balance.now) + " are left");
    }
}

}  // namespace

std::string_view Name(DifferenceKind kind) {
    return kNames[static_cast<std::size_t>(kind)];
}

std::uint64_t Reconciliation::Differences() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts) sum += count;
    return sum;
}

Reconciliation Reconcile(const std::string& ledger, OrdersDatabase& database,
                         const std::vector<StockLevel>& before) {
    Reconciliation into;
    Scratch scratch;
    Intake intake(scratch, into);
    ReadLedger(ledger, [&intake](std::uint64_t number, const LedgerLine& line) {
        intake.Take(number, line);
    });
    intake.Conclude();
    if (into.runs.empty()) {
        throw LedgerError(ledger + ": is no ledger, it does not say of which run it is");
    }
    for (const std::string& run : into.runs) {
        const std::string prefix = "load-" + run + "-";
        database.ForEachOrder(prefix, [&](const StoredOrder& order) { scratch.Add(order); });
        database.ForEachKey(prefix, [&](const StoredKey& key) { scratch.Add(key); });
    }
    scratch.Compare(into);
    CompareStock(into, before.empty() ? intake.stock_before : before, database.Stock());
    return into;
}

}  // namespace holdfast::load
