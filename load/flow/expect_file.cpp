#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "load/flow/step_file.h"

namespace holdfast::load {
namespace {

using Kind = Check::Kind;

constexpr std::string_view kStatusRule = "a status such as 201, 2xx or 200-299, or a list of them";

std::optional<std::pair<std::uint16_t, std::uint16_t>> ParseRange(std::string_view text) {
    const auto status = [](std::string_view digits) -> std::optional<std::uint16_t> {
        const auto number = ParseCount(digits);
        if (!number || digits.size() != 3 || *number < 100 || *number > 599) return std::nullopt;
        return static_cast<std::uint16_t>(*number);
    };
    if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
        const auto hundreds = static_cast<std::uint16_t>((text[0] - '0') * 100);
        return std::pair{hundreds, static_cast<std::uint16_t>(hundreds + 99)};
    }
    const std::size_t dash = text.find('-');
    const auto low = status(text.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : status(text.substr(dash + 1));
    if (!low || !high || *low > *high) return std::nullopt;
    return std::pair{*low, *high};
}

Statuses ParseStatuses(const Yaml& node) {
    Statuses statuses;
    statuses.ranges.clear();
    const auto add = [&](const Yaml& item) {
        const auto range = ParseRange(item.Text(kStatusRule));
        if (!range) item.Refuse(kStatusRule);
        statuses.ranges.push_back(*range);
    };
    if (node.IsList()) {
        for (const Yaml& item : node.List(kStatusRule)) add(item);
    } else {
        add(node);
    }
    if (statuses.ranges.empty()) node.Refuse(kStatusRule);
    return statuses;
}

Check Equal(const Yaml& node, Selector where, Scope& scope) {
    Check check{.kind = Kind::kEquals, .where = std::move(where)};
    const std::string& text = node.Text("a value");
    const auto number = ParseNumber(text);
    check.numeric = node.IsPlain() && IsJsonNumber(text) && number && !check.where.header;
    check.number = number.value_or(0);
    check.expected = CompileTemplate(node, text, Escape::kNone, scope);
    return check;
}

Check Numeric(const Yaml& node, Kind kind, Selector where) {
    return {.kind = kind, .where = std::move(where), .number = node.As(ParseNumber, "a number")};
}

Check OfType(const Yaml& node, Selector where) {
    static constexpr std::array<std::string_view, 7> kTypes{
        "string", "number", "integer", "boolean", "list", "object", "null"};
    const std::string& word = node.Text("a type");
    if (std::ranges::find(kTypes, word) == kTypes.end()) {
        node.Fail("unknown type " + Quoted(word) + "; " + Suggestion(word, kTypes));
    }
    return {.kind = Kind::kType, .where = std::move(where), .word = word};
}

Check Pattern(const Yaml& node, Selector where) {
    Check check{.kind = Kind::kMatches, .where = std::move(where), .word = node.Text()};
    // Longer ones, and deep ones, take the library's compiler to its stack's end.
    constexpr std::size_t kMaxPattern = 256;
    if (check.word.size() > kMaxPattern) node.Refuse("a pattern of at most 256 characters");
    try {
        check.pattern.assign(check.word, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
        node.Fail(Quoted(check.word) + " is no regular expression (ECMAScript): " + error.what());
    }
    return check;
}

Check One(const std::string& key, const Yaml& value, const Selector& where, Scope& scope) {
    if (key == "equals") return Equal(value, where, scope);
    if (key == "exists")
        return {.kind = value.Flag() ? Kind::kExists : Kind::kAbsent, .where = where};
    if (key == "type") return OfType(value, where);
    if (key == "matches") return Pattern(value, where);
    if (key == "at_least") return Numeric(value, Kind::kAtLeast, where);
    if (key == "at_most") return Numeric(value, Kind::kAtMost, where);
    if (key == "length") return Numeric(value, Kind::kLength, where);
    return {.kind = Kind::kContains,
            .where = where,
            .expected = CompileTemplate(value, value.Text(), Escape::kNone, scope)};
}

/// A value that must be equal, or a map of checks.
void ParseChecks(const Yaml& node, const Selector& where, Scope& scope, RequestStep& step) {
    if (!node.IsMap()) {
        step.checks.push_back(Equal(node, where, scope));
        return;
    }
    static constexpr std::array<std::string_view, 8> kChecks{
        "equals", "exists", "type", "matches", "contains", "at_least", "at_most", "length"};
    const YamlMap map(node, "a value or a map of checks", {kChecks.begin(), kChecks.end()});
    for (const std::string_view key : kChecks) {
        const auto value = map.Find(key);
        if (value) step.checks.push_back(One(std::string(key), *value, where, scope));
    }
}

void ParseBodyContains(const Yaml& node, Scope& scope, RequestStep& step) {
    const auto add = [&](const Yaml& item) {
        step.checks.push_back(
            {.kind = Kind::kBodyContains,
             .expected = CompileTemplate(item, item.Text(), Escape::kNone, scope)});
    };
    if (!node.IsList()) return add(node);
    for (const Yaml& item : node.List("a text or a list of them")) add(item);
}

}  // namespace

void ParseExpect(const Yaml& node, Scope& scope, RequestStep& step) {
    const YamlMap map(node, "a map with status, headers, body_contains or json",
                      {"status", "headers", "body_contains", "json"});
    if (const auto status = map.Find("status")) step.statuses = ParseStatuses(*status);
    if (const auto headers = map.Find("headers")) {
        for (const Yaml::Entry& entry : headers->Map("a map of header names and checks")) {
            ParseChecks(entry.value, {true, entry.key}, scope, step);
        }
    }
    if (const auto contains = map.Find("body_contains")) ParseBodyContains(*contains, scope, step);
    if (const auto json = map.Find("json")) {
        for (const Yaml::Entry& entry : json->Map("a map of JSON pointers and checks")) {
            const Selector where = ParseSelector(entry.key_node.Named("a key of json"));
            if (where.header) entry.key_node.Fail("headers are checked under 'headers:'");
            ParseChecks(entry.value, where, scope, step);
        }
    }
}

}  // namespace holdfast::load
