#include "worker/plugins/orders/settings.h"

#include <charconv>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <utility>

#include "worker/plugins/orders/strict_json.h"

namespace holdfast::orders {
namespace {

using nlohmann::json;

[[noreturn]] void Refuse(const std::string& member, const std::string& wanted) {
    throw std::invalid_argument("orders config: " + member + " " + wanted);
}

std::string ReadText(const std::string& name, const json& value) {
    if (!value.is_string() || value.get<std::string>().empty()) {
        Refuse(name, "must be a string that is not empty");
    }
    return value.get<std::string>();
}

bool ReadFlag(const std::string& name, const json& value) {
    if (!value.is_boolean()) Refuse(name, "must be true or false");
    return value.get<bool>();
}

std::int64_t ReadInteger(const std::string& name, const json& value, std::int64_t lowest,
                         std::int64_t highest) {
    const bool fits = value.is_number_integer() &&
                      !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
    if (!fits || value.get<std::int64_t>() < lowest || value.get<std::int64_t>() > highest) {
        Refuse(name, "must be an integer from " + std::to_string(lowest) + " to " +
                         std::to_string(highest));
    }
    return value.get<std::int64_t>();
}

/// "250ms", "30s", "5m", "24h"; at most ten years.
std::chrono::milliseconds ReadDuration(const std::string& name, const json& value) {
    constexpr std::int64_t kLongest = 10LL * 366 * 24 * 3600 * 1000;
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    std::int64_t number = -1;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(rest, text.data() + text.size());
    for (const auto& [known, scale] :
         std::initializer_list<std::pair<std::string_view, std::int64_t>>{
             {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}) {
        if (error == std::errc() && unit == known && number >= 0 && number <= kLongest / scale) {
            return std::chrono::milliseconds(number * scale);
        }
    }
    Refuse(name, "must be a duration such as \"250ms\", \"30s\", \"5m\" or \"24h\"");
}

void ReadTaxRates(const json& value, Settings& settings) {
    if (!value.is_object()) Refuse("tax_rates", "must be an object of tax class: basis points");
    settings.tax_rates.clear();
    for (const auto& item : value.items()) {
        settings.tax_rates[item.key()] =
            ReadInteger("tax_rates." + item.key(), item.value(), 0, kMaxTaxRate);
    }
}

using Reader = std::function<void(const json&, Settings&)>;

const std::map<std::string, Reader, std::less<>>& Readers() {
    static const std::map<std::string, Reader, std::less<>> readers{
        {"database",
         [](const json& value, Settings& s) {
             s.database.path = ReadText("database", value);
             // Each connection would have a database of its own in memory.
             if (s.database.path == ":memory:") Refuse("database", "must be the path of a file");
         }},
        {"max_pages",
         [](const json& value, Settings& s) {
             s.database.max_pages = ReadInteger("max_pages", value, 0, 1'073'741'823);
         }},
        {"synchronous",
         [](const json& value, Settings& s) {
             const std::string text = ReadText("synchronous", value);
             if (text != "normal" && text != "full") {
                 Refuse("synchronous", "must be \"normal\" or \"full\"");
             }
             s.database.full_sync = text == "full";
         }},
        {"seed", [](const json& value, Settings& s) { s.seed = ReadFlag("seed", value); }},
        {"seed_stock",
         [](const json& value, Settings& s) {
             s.seed_stock = ReadInteger("seed_stock", value, 1, 1'000'000'000'000);
         }},
        {"currency",
         [](const json& value, Settings& s) { s.currency = ReadText("currency", value); }},
        {"tax_rates", ReadTaxRates},
        {"idempotency_retention",
         [](const json& value, Settings& s) {
             s.key_retention = ReadDuration("idempotency_retention", value);
         }},
        {"busy_timeout", [](const json& value,
                            Settings& s) { s.busy_timeout = ReadDuration("busy_timeout", value); }},
        {"readers",
         [](const json& value, Settings& s) {
             s.readers = static_cast<std::size_t>(ReadInteger("readers", value, 1, 256));
         }},
    };
    return readers;
}

}  // namespace

Settings ParseSettings(std::string_view text) {
    Settings settings;
    if (text.empty()) return settings;
    const JsonResult parsed = ParseStrictJson(text, 4);
    if (!parsed.value) Refuse("text", parsed.error);
    if (!parsed.value->is_object()) Refuse("text", "must be a JSON object");
    for (const auto& item : parsed.value->items()) {
        const auto reader = Readers().find(item.key());
        if (reader == Readers().end()) {
            std::string known;
            for (const auto& [name, unused] : Readers())
                known += (known.empty() ? "" : ", ") + name;
            Refuse(item.key(), "is not a member; there are " + known);
        }
        reader->second(item.value(), settings);
    }
    return settings;
}

}  // namespace holdfast::orders
