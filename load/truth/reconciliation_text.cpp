#include <cstdio>
#include <nlohmann/json.hpp>

#include "load/truth/reconcile.h"

namespace holdfast::load {
namespace {

using Json = nlohmann::ordered_json;

std::string Row(const std::string& name, std::uint64_t count, const char* what) {
    char text[160];
    std::snprintf(text, sizeof text, "  %-26s %10llu   %s\n", name.c_str(),
                  static_cast<unsigned long long>(count), what);
    return text;
}

constexpr const char* kMeaning[kDifferenceKinds] = {
    "told of an order that does not exist",
    "told and stored are not the same",
    "more orders than requests could make",
    "orders that no request could have made",
    "told not processed or refused, but there is an order",
    "one idempotency key, two orders",
    "a stored order's sums do not add up",
    "stock and orders do not balance",
};

std::string StockText(const Reconciliation& r) {
    if (!r.stock_checked) {
        return "Stock: not checked, the stock before the run is not known (run --db writes it into "
               "the ledger)\n";
    }
    std::string text = "Stock, before - ordered = now:\n";
    for (const StockBalance& one : r.stock) {
        char line[200];
        std::snprintf(line, sizeof line, "  %-26s %10lld - %lld = %lld%s\n", one.sku.c_str(),
                      static_cast<long long>(one.before), static_cast<long long>(one.ordered),
                      static_cast<long long>(one.now), one.Balances() ? "" : "   DOES NOT BALANCE");
        text += line;
    }
    return text;
}

}  // namespace

std::string ToText(const Reconciliation& r) {
    std::string text = "Told, by request:\n";
    text += Row("created", r.created, "2xx with the order");
    text += Row("read", r.read, "2xx with the order, to a request without a body");
    text += Row("refused", r.refused, "4xx");
    text += Row("not processed", r.not_processed, "safe to retry");
    text += Row("unknown", r.unknown, "no answer, or one that does not say");
    text += "Stayed unknown to the end:\n";
    text += Row("created", r.unknown_found, "there is an order");
    text += Row("not created", r.unknown_absent, "there is none");
    text += "Orders in the database:\n" + Row("of these runs", r.orders, "");
    text += StockText(r);
    if (!r.incomplete.empty()) {
        text += "The ledger is not whole: " + r.incomplete + "\n";
        text += Row("unexplained", r.unexplained, "orders whose line may be among what is missing");
    }
    text += "Differences:\n";
    for (std::size_t kind = 0; kind < kDifferenceKinds; ++kind) {
        text += Row(std::string(Name(static_cast<DifferenceKind>(kind))), r.counts[kind],
                    kMeaning[kind]);
    }
    for (const Difference& one : r.differences) {
        text += "  " + std::string(Name(one.kind)) + ": " + one.text + "\n";
    }
    const std::uint64_t differences = r.Differences();
    text += differences == 0
                ? "No differences: what clients were told is what the database holds.\n"
                : std::to_string(differences) + " differences.\n";
    return text;
}

std::string ToJson(const Reconciliation& r) {
    Json json{{"runs", r.runs},
              {"requests", r.requests},
              {"told",
               {{"created", r.created},
                {"read", r.read},
                {"refused", r.refused},
                {"not_processed", r.not_processed},
                {"unknown", r.unknown}}},
              {"unknown",
               {{"created", r.unknown_found},
                {"not_created", r.unknown_absent},
                {"examples", r.unknown_examples}}},
              {"orders", r.orders},
              {"ledger_complete", r.incomplete.empty()},
              {"ledger_incomplete_because", r.incomplete},
              {"unexplained", r.unexplained}};
    Json stock = Json::array();
    for (const StockBalance& one : r.stock) {
        stock.push_back({{"sku", one.sku},
                         {"before", one.before},
                         {"ordered", one.ordered},
                         {"now", one.now},
                         {"balances", one.Balances()}});
    }
    json["stock_checked"] = r.stock_checked;
    json["stock"] = std::move(stock);
    Json counts = Json::object();
    for (std::size_t kind = 0; kind < kDifferenceKinds; ++kind) {
        counts[std::string(Name(static_cast<DifferenceKind>(kind)))] = r.counts[kind];
    }
    json["differences"] = r.Differences();
    json["differences_by_kind"] = std::move(counts);
    Json examples = Json::array();
    for (const Difference& one : r.differences) {
        examples.push_back({{"kind", Name(one.kind)}, {"text", one.text}});
    }
    json["examples"] = std::move(examples);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace holdfast::load
