#include <cstdint>
#include <string>

#include "load/flow/answer_json.h"

// The sums of an order as docs/plugins.md and docs/load-flows.md have them, written anew here on
// purpose: the load tester checks the product, so it shares no code with it.
namespace holdfast::load {
namespace {

constexpr std::int64_t kMaxTaxRate = 10'000;  ///< basis points: 100 %

/// An integer member, or false.
bool Read(simdjson::dom::object object, const char* name, std::int64_t& value) {
    return object[name].get(value) == simdjson::SUCCESS;
}

/// Half up to the minor unit. Of amounts that are not negative.
std::int64_t TaxOn(std::int64_t net, std::int64_t rate) {
    return net / kMaxTaxRate * rate + (net % kMaxTaxRate * rate + kMaxTaxRate / 2) / kMaxTaxRate;
}

std::string Differs(const std::string& what, std::int64_t given, std::int64_t right) {
    return what + " is " + std::to_string(given) + ", its parts give " + std::to_string(right);
}

struct Sums {
    std::int64_t net = 0;
    std::int64_t tax = 0;
};

/// What is wrong with a line, or nothing; adds it to the sums.
std::optional<std::string> CheckLine(simdjson::dom::element element, const std::string& name,
                                     Sums& sums) {
    simdjson::dom::object line;
    std::int64_t quantity = 0;
    std::int64_t unit_price = 0;
    std::int64_t line_total = 0;
    std::int64_t tax_rate = 0;
    std::int64_t tax = 0;
    if (element.get(line) != simdjson::SUCCESS || !Read(line, "quantity", quantity) ||
        !Read(line, "unitPrice", unit_price) || !Read(line, "lineTotal", line_total) ||
        !Read(line, "taxRate", tax_rate) || !Read(line, "tax", tax)) {
        return name + " lacks whole numbers for quantity, unitPrice, lineTotal, taxRate and tax";
    }
    if (quantity < 1 || unit_price < 0 || tax_rate < 0 || tax_rate > kMaxTaxRate) {
        return name + " has a quantity, price or tax rate that no order has";
    }
    std::int64_t total = 0;
    if (__builtin_mul_overflow(unit_price, quantity, &total)) return name + " is beyond 64 bits";
    if (line_total != total) return Differs(name + "/lineTotal", line_total, total);
    if (tax != TaxOn(total, tax_rate)) return Differs(name + "/tax", tax, TaxOn(total, tax_rate));
    if (__builtin_add_overflow(sums.net, total, &sums.net) ||
        __builtin_add_overflow(sums.tax, tax, &sums.tax)) {
        return name + " takes the sum beyond 64 bits";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> Answer::WrongTotals() {
    if (!IsJson()) return "the body is not JSON";
    simdjson::dom::object order;
    simdjson::dom::array lines;
    std::int64_t net = 0;
    std::int64_t tax = 0;
    std::int64_t total = 0;
    if (json_->root.get(order) != simdjson::SUCCESS ||
        order["lines"].get(lines) != simdjson::SUCCESS || !Read(order, "net", net) ||
        !Read(order, "tax", tax) || !Read(order, "total", total)) {
        return "the body is no order: it lacks lines or whole numbers for net, tax and total";
    }
    Sums sums;
    std::size_t number = 0;
    for (const simdjson::dom::element line : lines) {
        if (auto wrong = CheckLine(line, "/lines/" + std::to_string(number++), sums)) return wrong;
    }
    if (number == 0) return "the order has no lines";
    if (net != sums.net) return Differs("/net", net, sums.net);
    if (tax != sums.tax) return Differs("/tax", tax, sums.tax);
    std::int64_t right = 0;
    if (__builtin_add_overflow(net, tax, &right)) return "the sum is beyond 64 bits";
    if (total != right) return Differs("/total", total, right);
    return std::nullopt;
}

}  // namespace holdfast::load
