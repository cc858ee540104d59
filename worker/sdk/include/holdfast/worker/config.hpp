#pragma once

#include <holdfast/worker/config_error.hpp>
#include <holdfast/worker/json_text.hpp>
#include <holdfast/worker/nearest_name.hpp>
#include <holdfast/worker/option.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::worker {

using OptionList = std::span<const holdfast_option_v1* const>;

/// The options that a plugin describes; none when it was built before there were any, or describes
/// none, whatever their count is said to be.
inline OptionList OptionsOf(const holdfast_plugin_v1& plugin) {
    const bool knows = HOLDFAST_HAS(&plugin, holdfast_plugin_v1, option_count);
    if (!knows || plugin.options == nullptr) return {};
    return {plugin.options, plugin.option_count};
}

/// A plugin's config, checked against its options, with defaults for what was not given.
/// Asking for an option that was not declared, or as another type, throws std::logic_error.
/// Thread: any, once made.
class Config {
  public:
    /// Empty text is an empty object. `name` stands before line and column in errors.
    /// Throws ConfigError with every problem that there is, up to kMaxProblems.
    Config(OptionList options, std::string_view text, std::string name = "config");
    template <std::size_t kCount>
    explicit Config(const ConfigSchema<kCount>& schema, std::string_view text)
        : Config(OptionList(Pointers(schema)), text) {}

    static constexpr std::size_t kMaxProblems = 10;
    static constexpr int kMaxDepth = 4;

    std::string Text(std::string_view option) const {
        return Value(option, HOLDFAST_OPTION_TEXT).text;
    }
    bool Flag(std::string_view option) const {
        return Value(option, HOLDFAST_OPTION_FLAG).integer != 0;
    }
    std::int64_t Integer(std::string_view option) const {
        return Value(option, HOLDFAST_OPTION_INTEGER).integer;
    }
    double Number(std::string_view option) const {
        return Value(option, HOLDFAST_OPTION_NUMBER).number;
    }
    std::chrono::nanoseconds Duration(std::string_view option) const {
        return std::chrono::nanoseconds(Value(option, HOLDFAST_OPTION_DURATION).integer);
    }
    /// In bytes.
    std::uint64_t Size(std::string_view option) const {
        return static_cast<std::uint64_t>(Value(option, HOLDFAST_OPTION_SIZE).integer);
    }
    std::vector<std::string> Texts(std::string_view option) const {
        return Value(option, HOLDFAST_OPTION_TEXTS).texts;
    }
    std::map<std::string, std::int64_t, std::less<>> Integers(std::string_view option) const {
        return Value(option, HOLDFAST_OPTION_INTEGERS).integers;
    }
    /// Whether the config names it, rather than leaving it to its default.
    bool Given(std::string_view option) const { return Find(option).place.has_value(); }

    /// For what types and bounds cannot say: throws a ConfigError at that option's value.
    [[noreturn]] void Refuse(std::string_view option, const std::string& problem) const {
        const Checked& checked = Find(option);
        std::string text = checked.place ? At(*checked.place) : name_ + ": ";
        throw ConfigError({text += std::string(option) + " " + problem});
    }

  private:
    struct Checked {
        const holdfast_option_v1* option = nullptr;
        std::optional<TextPlace> place{};  ///< of the value; none: it is the default
        std::string text{};
        std::int64_t integer = 0;
        double number = 0;
        std::vector<std::string> texts{};
        std::map<std::string, std::int64_t, std::less<>> integers{};
    };

    template <std::size_t kCount>
    static std::array<const holdfast_option_v1*, kCount> Pointers(
        const ConfigSchema<kCount>& schema) {
        std::array<const holdfast_option_v1*, kCount> pointers;
        for (std::size_t i = 0; i < kCount; ++i) pointers[i] = &schema.options[i].abi;
        return pointers;
    }
    std::string At(TextPlace place) const {
        return name_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
    }
    const Checked& Find(std::string_view option) const {
        for (const Checked& checked : values_) {
            if (option == checked.option->name) return checked;
        }
        throw std::logic_error("the config declares no option " + std::string(option));
    }
    const Checked& Value(std::string_view option, holdfast_option_type type) const {
        const Checked& checked = Find(option);
        if (checked.option->type == static_cast<std::uint32_t>(type)) return checked;
        throw std::logic_error("the option " + std::string(option) + " is " +
                               OptionWants(*checked.option));
    }

    void AddOption(const holdfast_option_v1* option);
    void Give(const JsonValue::Member& member, std::string_view text,
              std::vector<std::string>& problems);
    std::string Unknown(const std::string& member) const;
    static const JsonValue* Take(Checked& checked, const JsonValue& value);
    static bool IsChoice(const holdfast_option_v1& option, const std::string& text);
    static bool HasBounds(const holdfast_option_v1& option) {
        return option.lowest != 0 || option.highest != 0;
    }
    static bool InBounds(const holdfast_option_v1& option, std::int64_t value) {
        return !HasBounds(option) || (value >= option.lowest && value <= option.highest);
    }

    std::string name_;
    std::vector<Checked> values_;
};

/// Throws ConfigError when a plugin that has options would get a config that does not fit them. One
/// without options takes any text.
inline void CheckConfig(const holdfast_plugin_v1& plugin, std::string_view text,
                        const std::string& name) {
    const OptionList options = OptionsOf(plugin);
    if (!options.empty()) Config(options, text, name);
}

}  // namespace holdfast::worker

#include <holdfast/worker/config_impl.hpp>
