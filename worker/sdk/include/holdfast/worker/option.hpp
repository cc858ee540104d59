#pragma once

#include <holdfast/worker/plugin.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::worker {

/// In place of a default: the option must be given.
struct Required {};
inline constexpr Required kRequired;

/// One option of a plugin's config, declared in code: Option::Integer("readers", 4, "connections
/// that find orders").Between(1, 256). Its texts are static.
struct Option {
    holdfast_option_v1 abi{};

    /// A text that is not empty.
    static constexpr Option Text(const char* name, const char* value, const char* about) {
        return With(HOLDFAST_OPTION_TEXT, name, about, 0, value);
    }
    static constexpr Option Flag(const char* name, bool value, const char* about) {
        return With(HOLDFAST_OPTION_FLAG, name, about, value ? 1 : 0);
    }
    static constexpr Option Integer(const char* name, std::int64_t value, const char* about) {
        return With(HOLDFAST_OPTION_INTEGER, name, about, value);
    }
    /// `value` is written as in JSON: "0.25".
    static constexpr Option Number(const char* name, const char* value, const char* about) {
        return With(HOLDFAST_OPTION_NUMBER, name, about, 0, value);
    }
    /// In whole milliseconds.
    static constexpr Option Duration(const char* name, std::chrono::milliseconds value,
                                     const char* about) {
        return With(HOLDFAST_OPTION_DURATION, name, about, std::chrono::nanoseconds(value).count());
    }
    static constexpr Option Size(const char* name, std::int64_t bytes, const char* about) {
        return With(HOLDFAST_OPTION_SIZE, name, about, bytes);
    }
    /// An array of texts; `value` as JSON: R"(["a","b"])".
    static constexpr Option Texts(const char* name, const char* value, const char* about) {
        return With(HOLDFAST_OPTION_TEXTS, name, about, 0, value);
    }
    /// An object of integers; `value` as JSON: R"({"standard":1900})".
    static constexpr Option Integers(const char* name, const char* value, const char* about) {
        return With(HOLDFAST_OPTION_INTEGERS, name, about, 0, value);
    }

    static constexpr Option Text(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_TEXT, name, about);
    }
    static constexpr Option Integer(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_INTEGER, name, about);
    }
    static constexpr Option Number(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_NUMBER, name, about);
    }
    static constexpr Option Duration(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_DURATION, name, about);
    }
    static constexpr Option Size(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_SIZE, name, about);
    }
    static constexpr Option Texts(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_TEXTS, name, about);
    }
    static constexpr Option Integers(const char* name, Required, const char* about) {
        return Without(HOLDFAST_OPTION_INTEGERS, name, about);
    }

    /// Both ends are allowed.
    constexpr Option Between(std::int64_t lowest, std::int64_t highest) const {
        Option changed = *this;
        changed.abi.lowest = lowest;
        changed.abi.highest = highest;
        return changed;
    }
    constexpr Option Between(std::chrono::nanoseconds lowest,
                             std::chrono::nanoseconds highest) const {
        return Between(lowest.count(), highest.count());
    }
    /// Of a text: "normal|full".
    constexpr Option OneOf(const char* choices) const {
        Option changed = *this;
        changed.abi.choices = choices;
        return changed;
    }
    /// Its value is never printed nor logged.
    constexpr Option Secret() const {
        Option changed = *this;
        changed.abi.flags |= HOLDFAST_OPTION_SECRET;
        return changed;
    }

  private:
    static constexpr Option With(holdfast_option_type type, const char* name, const char* about,
                                 std::int64_t integer, const char* text = nullptr) {
        Option option;
        option.abi.size = sizeof(holdfast_option_v1);
        option.abi.name = name;
        option.abi.description = about;
        option.abi.type = type;
        option.abi.default_integer = integer;
        option.abi.default_text = text;
        return option;
    }
    static constexpr Option Without(holdfast_option_type type, const char* name,
                                    const char* about) {
        Option option = With(type, name, about, 0);
        option.abi.flags = HOLDFAST_OPTION_REQUIRED;
        return option;
    }
};

/// All options of a plugin: `static constexpr ConfigSchema kConfig{Option::Flag(...), ...};` in its
/// class.
template <std::size_t kCount>
struct ConfigSchema {
    std::array<Option, kCount> options;
};
template <typename... Options>
ConfigSchema(Options...) -> ConfigSchema<sizeof...(Options)>;

namespace detail {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};
inline constexpr std::array<Unit, 4> kDurationUnits = {
    {{"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}}};
inline constexpr std::array<Unit, 4> kSizeUnits = {
    {{"GiB", std::int64_t{1} << 30U}, {"MiB", 1 << 20U}, {"KiB", 1 << 10U}, {"", 1}}};

/// "30s" in terms of such units; zero is a value, too.
template <std::size_t kCount>
std::optional<std::int64_t> ParseUnits(std::string_view text,
                                       const std::array<Unit, kCount>& units) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || number < 0) return std::nullopt;
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

/// In the largest unit that leaves a whole number.
template <std::size_t kCount>
std::string FormatUnits(std::int64_t value, const std::array<Unit, kCount>& units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return std::to_string(value / unit.factor) + std::string(unit.name);
        }
    }
    return std::to_string(value / units.back().factor) + std::string(units.back().name);
}

}  // namespace detail

/// An integer of that option as it would be written in its config.
inline std::string OptionNumberText(const holdfast_option_v1& option, std::int64_t value) {
    if (option.type == HOLDFAST_OPTION_DURATION) {
        return detail::FormatUnits(value, detail::kDurationUnits);
    }
    if (option.type == HOLDFAST_OPTION_SIZE) {
        return detail::FormatUnits(value, detail::kSizeUnits);
    }
    return std::to_string(value);
}

/// What a value must be, for people: "an integer from 1 to 256".
inline std::string OptionWants(const holdfast_option_v1& option) {
    std::string text = "a value";
    switch (option.type) {
        case HOLDFAST_OPTION_TEXT:
            text = "a string that is not empty";
            break;
        case HOLDFAST_OPTION_FLAG:
            return "true or false";
        case HOLDFAST_OPTION_INTEGER:
            text = "an integer";
            break;
        case HOLDFAST_OPTION_NUMBER:
            text = "a number";
            break;
        case HOLDFAST_OPTION_DURATION:
            text = "a duration such as \"250ms\", \"30s\", \"5m\" or \"24h\"";
            break;
        case HOLDFAST_OPTION_SIZE:
            text = "a size such as 4096, \"512KiB\" or \"64MiB\"";
            break;
        case HOLDFAST_OPTION_TEXTS:
            text = "an array of strings";
            break;
        case HOLDFAST_OPTION_INTEGERS:
            text = "an object of integers";
            break;
        default:
            break;
    }
    if (option.choices != nullptr) {
        text.clear();
        std::string_view left = option.choices;
        for (;;) {
            const std::size_t end = left.find('|');
            text += "\"" + std::string(left.substr(0, end)) + "\"";
            if (end == left.npos) break;
            left.remove_prefix(end + 1);
            text += left.find('|') == left.npos ? " or " : ", ";
        }
    }
    if (option.lowest != 0 || option.highest != 0) {
        if (option.type == HOLDFAST_OPTION_INTEGERS) text += ", each";
        if (option.type == HOLDFAST_OPTION_DURATION || option.type == HOLDFAST_OPTION_SIZE) {
            text += ",";
        }
        text += " from " + OptionNumberText(option, option.lowest) + " to " +
                OptionNumberText(option, option.highest);
    }
    return text;
}

/// The same for each value of one of several.
inline std::string OptionItemWants(const holdfast_option_v1& option) {
    holdfast_option_v1 item = option;
    item.type =
        option.type == HOLDFAST_OPTION_INTEGERS ? HOLDFAST_OPTION_INTEGER : HOLDFAST_OPTION_TEXT;
    return OptionWants(item);
}

/// The default as JSON; empty when it has none.
inline std::string OptionDefault(const holdfast_option_v1& option) {
    if ((option.flags & HOLDFAST_OPTION_REQUIRED) != 0) return {};
    const std::string number = OptionNumberText(option, option.default_integer);
    const std::string text = option.default_text == nullptr ? "" : option.default_text;
    switch (option.type) {
        case HOLDFAST_OPTION_TEXT: {
            std::string quoted = "\"";
            for (const char c : text) {
                if (c == '"' || c == '\\') quoted += '\\';
                quoted += c;
            }
            return quoted + "\"";
        }
        case HOLDFAST_OPTION_FLAG:
            return option.default_integer != 0 ? "true" : "false";
        case HOLDFAST_OPTION_INTEGER:
            return number;
        case HOLDFAST_OPTION_DURATION:
            return "\"" + number + "\"";
        case HOLDFAST_OPTION_SIZE:
            return option.default_integer % 1024 == 0 && option.default_integer != 0
                       ? "\"" + number + "\""
                       : number;
        default:
            return text;
    }
}

}  // namespace holdfast::worker
