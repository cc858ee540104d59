#include "gateway/config/keys.h"

#include <algorithm>

#include "gateway/config/nearest.h"

namespace holdfast::gateway::config {
namespace {

std::string Joined(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

std::string Range(const KeyInfo& key, std::string (*format)(std::uint64_t)) {
    return format(key.min) + " to " + format(key.max);
}

std::string FormatCount(std::uint64_t count) {
    return std::to_string(count);
}

std::string FormatNanoseconds(std::uint64_t count) {
    return FormatDuration(std::chrono::nanoseconds(static_cast<std::int64_t>(count)));
}

template <class T>
Parsed<Value> Bounded(const KeyInfo& key, Parsed<T> parsed) {
    if (!parsed.value) return {std::nullopt, std::move(parsed.reason)};
    std::uint64_t number = 0;
    if constexpr (std::same_as<T, std::uint64_t>) {
        number = *parsed.value;
    } else {
        number = static_cast<std::uint64_t>(parsed.value->count());
    }
    if (number < key.min) return {std::nullopt, "it is too small"};
    if (number > key.max) return {std::nullopt, "it is too large"};
    return {Value(*parsed.value), ""};
}

Parsed<Value> ParseFlag(std::string_view text) {
    if (text == "true") return {Value(true), ""};
    if (text == "false") return {Value(false), ""};
    return {std::nullopt, ""};
}

Parsed<Value> ParseChoice(const KeyInfo& key, std::string_view text) {
    const auto found = std::ranges::find(key.choices, text);
    if (found != key.choices.end()) {
        return {Value(static_cast<std::uint64_t>(found - key.choices.begin())), ""};
    }
    const std::vector<std::string> names(key.choices.begin(), key.choices.end());
    const auto nearest = Nearest(text, names);
    return {std::nullopt, nearest ? "did you mean " + Quoted(*nearest) + "?" : ""};
}

Parsed<Value> ParseText(const KeyInfo& key, std::string_view text) {
    if (key.check != nullptr && key.check(text)) return {std::nullopt, ""};
    return {Value(std::string(text)), ""};
}

std::vector<std::string> SplitAtCommas(std::string_view text) {
    std::vector<std::string> items;
    if (text == "[]") return items;
    constexpr std::string_view kBlank = " \t";
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        std::string_view item = text.substr(begin, end - begin);
        item.remove_prefix(std::min(item.find_first_not_of(kBlank), item.size()));
        item.remove_suffix(item.size() - (item.find_last_not_of(kBlank) + 1));
        items.emplace_back(item);
        begin = end + 1;
    }
    return items;
}

template <class T, class Format>
std::string ShownItems(const std::vector<T>& items, char open, char close, Format format) {
    std::string text(1, open);
    for (const T& item : items) {
        if (text.size() > 1) text += ", ";
        text += format(item);
    }
    return text + close;
}

}  // namespace

std::string EnvironmentName(std::string_view path) {
    std::string name = "HOLDFAST_";
    for (const char c : path) {
        if (c == '.') {
            name += '_';
        } else {
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
    }
    return name;
}

std::string_view SectionOf(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

bool IsSection(std::string_view path) {
    return std::ranges::any_of(ConfigKeys(), [&](const auto& key) {
        return key.path.starts_with(path) && key.path.substr(path.size()).starts_with('.');
    });
}

std::string_view LeafOf(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string Expectation(const KeyInfo& key) {
    switch (key.type) {
        case Type::kFlag:
            return "true or false";
        case Type::kCount:
            return "a whole number from " + Range(key, FormatCount);
        case Type::kSize:
            return "a size from " + Range(key, FormatSize) +
                   ", written like 64MiB (B, KiB, MiB or GiB)";
        case Type::kDuration:
            return "a duration from " + Range(key, FormatNanoseconds) +
                   ", written like 250ms (ns, us, ms, s, m or h)";
        case Type::kChoice:
            return "one of " + Joined(key.choices);
        case Type::kText:
            // What a check says of the empty text is the general rule.
            return key.check == nullptr ? "a text" : key.check("").value_or("a text");
        case Type::kList:
            return "a list of " + Range(key, FormatCount) + " items, each " +
                   (key.check == nullptr ? "a text" : key.check("").value_or("a text"));
        case Type::kSources:
            return "a map from field to source: uuid7, received_at, body.NAME, path.NAME or "
                   "header.NAME";
    }
    return "";
}

Parsed<Value> ParseScalar(const KeyInfo& key, std::string_view text) {
    switch (key.type) {
        case Type::kFlag:
            return ParseFlag(text);
        case Type::kCount:
            return Bounded(key, ParseCount(text));
        case Type::kSize:
            return Bounded(key, ParseSize(text));
        case Type::kDuration:
            return Bounded(key, ParseDuration(text));
        case Type::kChoice:
            return ParseChoice(key, text);
        case Type::kText:
            return ParseText(key, text);
        case Type::kList:
            return ParseList(key, SplitAtCommas(text));
        case Type::kSources:
            break;
    }
    return {};
}

Parsed<Value> ParseList(const KeyInfo& key, const std::vector<std::string>& items) {
    if (items.size() < key.min) return {std::nullopt, "it has too few items"};
    if (items.size() > key.max) return {std::nullopt, "it has too many items"};
    for (auto item = items.begin(); item != items.end(); ++item) {
        if (key.check != nullptr && key.check(*item)) {
            return {std::nullopt, Quoted(*item) + " is not " + *key.check(*item)};
        }
        if (std::find(items.begin(), item, *item) != item) {
            return {std::nullopt, Quoted(*item) + " is there twice"};
        }
    }
    return {Value(items), ""};
}

std::string Shown(const KeyInfo& key, const Value& value) {
    if (key.secret) return YamlText("***");
    switch (key.type) {
        case Type::kFlag:
            return std::get<bool>(value) ? "true" : "false";
        case Type::kCount:
            return FormatCount(std::get<std::uint64_t>(value));
        case Type::kSize:
            return FormatSize(std::get<std::uint64_t>(value));
        case Type::kDuration:
            return FormatDuration(std::get<std::chrono::nanoseconds>(value));
        case Type::kChoice:
            return std::string(key.choices[std::get<std::uint64_t>(value)]);
        case Type::kText:
            return YamlText(std::get<std::string>(value));
        case Type::kList:
            return ShownItems(std::get<std::vector<std::string>>(value), '[', ']', YamlText);
        case Type::kSources:
            return ShownItems(
                std::get<std::vector<AddedField>>(value), '{', '}', [](const AddedField& added) {
                    return YamlText(added.field) + ": " + YamlText(FormatSource(added.source));
                });
    }
    return "";
}

std::string YamlText(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '/' || c == '.' || c == '_' || c == '-' || c == '+';
    };
    const bool begins_plain = !text.empty() && text.front() != '-' && text.front() != '.';
    const bool null = text == "null" || text == "Null" || text == "NULL";
    if (begins_plain && !null && std::ranges::all_of(text, plain)) return std::string(text);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            quoted += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
        } else {
            if (c == '"' || c == '\\') quoted += '\\';
            quoted += c;
        }
    }
    return quoted + '"';
}

}  // namespace holdfast::gateway::config
