#include "load/truth/ledger_reader.h"

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "load/result/error_kind.h"

namespace holdfast::load {
namespace {

using nlohmann::json;

/// A whole number that T holds. The library's own conversion of any other is undefined or wraps.
/// Throws std::out_of_range, or json::exception when the member is missing.
template <typename T>
T Whole(const json& object, const char* key) {
    const json& member = object.at(key);
    const bool holds = member.is_number_unsigned()  ? std::in_range<T>(member.get<std::uint64_t>())
                       : member.is_number_integer() ? std::in_range<T>(member.get<std::int64_t>())
                                                    : false;
    if (!holds) throw std::out_of_range(key);
    return member.get<T>();
}

std::int64_t Level(const json& object, const char* key) {
    const auto level = Whole<std::int64_t>(object, key);
    if (!StockLevel::Holds(level)) throw std::out_of_range(key);
    return level;
}

/// Throws json::exception or std::out_of_range when a member is missing or of another type.
StoredOrder OrderOf(const json& body) {
    StoredOrder order{.id = body.at("orderId").get<std::string>(),
                      .customer = body.at("customer").get<std::string>(),
                      .currency = body.at("currency").get<std::string>(),
                      .net = Whole<std::int64_t>(body, "net"),
                      .tax = Whole<std::int64_t>(body, "tax"),
                      .total = Whole<std::int64_t>(body, "total"),
                      .lines = {}};
    for (const json& line : body.at("lines")) {
        order.lines.push_back({.sku = line.at("sku").get<std::string>(),
                               .quantity = Whole<std::int64_t>(line, "quantity"),
                               .line_total = Whole<std::int64_t>(line, "lineTotal"),
                               .tax = Whole<std::int64_t>(line, "tax")});
    }
    return order;
}

/// What was told when it was not an order.
Verdict VerdictWithoutOrder(const std::string& error, int status, const std::string& processed) {
    if (error == Name(ErrorKind::kConnect) || error == Name(ErrorKind::kUnsent)) {
        return Verdict::kNotProcessed;
    }
    if (processed == "no") return Verdict::kNotProcessed;
    // A crossed or malformed answer says nothing about this request.
    if (error == Name(ErrorKind::kCrossed) || error == Name(ErrorKind::kMalformed)) {
        return Verdict::kUnknown;
    }
    return status / 100 == 4 ? Verdict::kRefused : Verdict::kUnknown;
}

LedgerRequest RequestOf(const json& line) {
    LedgerRequest request;
    request.mark = line.at("mark").get<std::string>();
    request.key = line.at("key").get<std::string>();
    request.creates = !line.at("request").get_ref<const std::string&>().empty();
    const std::string error = line.at("error").get<std::string>();
    const int status = Whole<int>(line, "status");
    const std::string processed = line.at("processed").get<std::string>();
    request.told = status == 0 ? error : std::to_string(status);
    if (status != 0 && !processed.empty()) request.told += " processed: " + processed;
    if (error == Name(ErrorKind::kCrossed)) request.told += " (another request's answer)";

    if (status / 100 == 2 && error != Name(ErrorKind::kCrossed)) {
        const json body =
            json::parse(line.at("answer").get_ref<const std::string&>(), nullptr, false);
        try {
            const StoredOrder order = OrderOf(body);
            request.order_id = order.id;
            request.content = ContentOf(order);
            request.verdict = request.creates ? Verdict::kCreated : Verdict::kRead;
            return request;
        } catch (const std::exception&) {
            request.told += " without a readable order";
        }
    }
    if (request.creates) request.verdict = VerdictWithoutOrder(error, status, processed);
    return request;
}

LedgerStock StockOf(const json& line) {
    LedgerStock stock;
    for (const auto& [sku, level] : line.at("articles").items()) {
        stock.levels.push_back(
            {.sku = sku, .stock = Level(level, "stock"), .ordered = Level(level, "ordered")});
    }
    return stock;
}

}  // namespace

LedgerLine ParseLedgerLine(const std::string& text) {
    const json line = json::parse(text, nullptr, false);
    try {
        const std::string type = line.at("type").get<std::string>();
        if (type == "request") return RequestOf(line);
        if (type == "begin") {
            return LedgerBegin{.run = line.at("run").get<std::string>(),
                               .process = Whole<std::uint64_t>(line, "process"),
                               .processes = Whole<std::uint64_t>(line, "processes")};
        }
        if (type == "end") {
            return LedgerEnd{.run = line.at("run").get<std::string>(),
                             .process = Whole<std::uint64_t>(line, "process"),
                             .recorded = Whole<std::uint64_t>(line, "recorded"),
                             .lost = Whole<std::uint64_t>(line, "lost")};
        }
        if (type == "stock") return StockOf(line);
    } catch (const std::exception&) {
        // Falls through: torn.
    }
    return LedgerTorn{};
}

void ReadLedger(const std::string& path,
                const std::function<void(std::uint64_t, const LedgerLine&)>& visit) {
    std::ifstream file(path);
    if (!file) throw LedgerError(path + ": " + std::generic_category().message(errno));
    std::string line;
    std::uint64_t number = 0;
    while (std::getline(file, line)) visit(++number, ParseLedgerLine(line));
    if (file.bad()) throw LedgerError(path + ": cannot be read to its end");
}

std::string StockLine(const std::string& run, const std::vector<StockLevel>& levels) {
    nlohmann::ordered_json articles = nlohmann::ordered_json::object();
    for (const StockLevel& level : levels) {
        articles[level.sku] = {{"stock", level.stock}, {"ordered", level.ordered}};
    }
    return nlohmann::ordered_json{{"type", "stock"}, {"run", run}, {"articles", articles}}.dump();
}

std::string ContentOf(const StoredOrder& order) {
    std::string text = order.currency + " net " + std::to_string(order.net) + " tax " +
                       std::to_string(order.tax) + " total " + std::to_string(order.total) + ":";
    for (const OrderedLine& line : order.lines) {
        text += " " + std::to_string(line.quantity) + " x " + line.sku + " = " +
                std::to_string(line.line_total) + "+" + std::to_string(line.tax) + ";";
    }
    return text;
}

}  // namespace holdfast::load
