#include "gateway/config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "gateway/config/text_rules.h"

namespace holdfast::gateway::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Ascending, so that formatting can take the largest that divides the value.
constexpr std::array<Unit, 4> kSizeUnits{{{"B", 1}, {"KiB", kKiB}, {"MiB", kMiB}, {"GiB", kGiB}}};
constexpr std::array<Unit, 6> kDurationUnits{{{"ns", 1},
                                              {"us", 1'000},
                                              {"ms", 1'000'000},
                                              {"s", 1'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"h", 3'600'000'000'000}}};

constexpr std::uint64_t kMaxUnsigned = std::numeric_limits<std::uint64_t>::max();

/// Digits, then a unit; `bare` says whether digits alone are enough.
Parsed<std::uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units,
                                    std::string_view what, bool bare) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end == text.data()) return {std::nullopt, ""};
    if (error != std::errc{}) return {std::nullopt, "it is too large"};
    const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (suffix.empty()) {
        if (bare || number == 0) return {number, ""};
        return {std::nullopt, std::string(what) + " needs a unit"};
    }
    if (suffix.front() == '.') return {std::nullopt, "use a smaller unit instead of a fraction"};
    const auto unit = std::ranges::find(units, suffix, &Unit::name);
    if (unit == units.end()) return {std::nullopt, Quoted(suffix) + " is not a unit"};
    if (number > kMaxUnsigned / unit->factor) return {std::nullopt, "it is too large"};
    return {number * unit->factor, ""};
}

std::string FormatWithUnit(std::uint64_t number, std::span<const Unit> units) {
    if (number == 0) return "0" + std::string(units.front().name);
    const Unit* chosen = &units.front();
    for (const Unit& unit : units) {
        if (number % unit.factor == 0) chosen = &unit;
    }
    return std::to_string(number / chosen->factor) + std::string(chosen->name);
}

struct NamedSource {
    std::string_view prefix;
    Source::Kind kind;
};
constexpr std::array<NamedSource, 3> kNamedSources{{{"body.", Source::Kind::kBody},
                                                    {"path.", Source::Kind::kPath},
                                                    {"header.", Source::Kind::kHeader}}};

}  // namespace

Parsed<std::uint64_t> ParseCount(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) return {std::nullopt, "it is too large"};
    if (error != std::errc{} || end != text.data() + text.size()) return {std::nullopt, ""};
    return {number, ""};
}

Parsed<std::uint64_t> ParseSize(std::string_view text) {
    return ParseWithUnit(text, kSizeUnits, "a size", true);
}

Parsed<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
    auto parsed = ParseWithUnit(text, kDurationUnits, "a duration", false);
    if (!parsed.value) return {std::nullopt, std::move(parsed.reason)};
    constexpr auto kMax = std::chrono::nanoseconds::max().count();
    if (*parsed.value > static_cast<std::uint64_t>(kMax)) return {std::nullopt, "it is too large"};
    return {std::chrono::nanoseconds(static_cast<std::int64_t>(*parsed.value)), ""};
}

Parsed<Source> ParseSource(std::string_view text) {
    if (text == "uuid7") return {Source{Source::Kind::kUuid7, ""}, ""};
    if (text == "received_at") return {Source{Source::Kind::kReceivedAt, ""}, ""};
    for (const auto& [prefix, kind] : kNamedSources) {
        if (!text.starts_with(prefix)) continue;
        const std::string_view name = text.substr(prefix.size());
        if (!IsSourceName(kind, name)) {
            return {std::nullopt,
                    Quoted(name) + " is not a name that " + std::string(prefix) + "NAME can have"};
        }
        return {Source{kind, std::string(name)}, ""};
    }
    return {std::nullopt, ""};
}

std::string FormatSize(std::uint64_t bytes) {
    return FormatWithUnit(bytes, kSizeUnits);
}

std::string FormatDuration(std::chrono::nanoseconds duration) {
    if (duration.count() == 0) return "0s";
    return FormatWithUnit(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

std::string FormatSource(const Source& source) {
    switch (source.kind) {
        case Source::Kind::kUuid7:
            return "uuid7";
        case Source::Kind::kReceivedAt:
            return "received_at";
        case Source::Kind::kBody:
            return "body." + source.name;
        case Source::Kind::kPath:
            return "path." + source.name;
        case Source::Kind::kHeader:
            return "header." + source.name;
    }
    return "";
}

std::string Quoted(std::string_view text) {
    constexpr std::size_t kShown = 60;
    std::string quoted = "'";
    for (const char c : text.substr(0, kShown)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        quoted += control ? '?' : c;
    }
    quoted += text.size() > kShown ? "...'" : "'";
    return quoted;
}

}  // namespace holdfast::gateway::config
