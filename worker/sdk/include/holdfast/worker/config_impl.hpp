#pragma once

// The functions of config.hpp, which includes this.

namespace holdfast::worker {
namespace detail {

/// What a config says where something else is wanted, as far as that is short and printable.
inline std::string SaidText(const JsonValue& value) {
    switch (value.kind) {
        case JsonValue::Kind::kNull:
            return "null";
        case JsonValue::Kind::kFlag:
            return value.flag ? "true" : "false";
        case JsonValue::Kind::kInteger:
            return std::to_string(value.integer);
        case JsonValue::Kind::kNumber:
            return "a number that is no integer of 64 bits";
        case JsonValue::Kind::kText: {
            const bool shown =
                value.text.size() <= 40 && std::all_of(value.text.begin(), value.text.end(),
                                                       [](char c) { return c >= ' ' && c <= '~'; });
            return shown ? "\"" + value.text + "\"" : "another string";
        }
        case JsonValue::Kind::kArray:
            return "an array";
        case JsonValue::Kind::kObject:
            return "an object";
    }
    return "something else";
}

}  // namespace detail

inline Config::Config(OptionList options, std::string_view text, std::string name)
    : name_(std::move(name)) {
    for (const holdfast_option_v1* option : options) AddOption(option);
    std::vector<std::string> problems;
    if (text.find_first_not_of(" \t\r\n") != text.npos) {
        try {
            const JsonValue root = ParseJson(text, kMaxDepth);
            if (root.kind != JsonValue::Kind::kObject) {
                throw JsonError(text, root.offset, "the config must be a JSON object");
            }
            for (const JsonValue::Member& member : root.members) Give(member, text, problems);
        } catch (const JsonError& error) {
            throw ConfigError({At(error.place()) + error.what()});
        }
    }
    for (const Checked& checked : values_) {
        if ((checked.option->flags & HOLDFAST_OPTION_REQUIRED) != 0 && !checked.place) {
            problems.push_back(name_ + ": " + checked.option->name +
                               " is required: " + OptionWants(*checked.option));
        }
    }
    if (problems.empty()) return;
    if (problems.size() > kMaxProblems) {
        const std::size_t more = problems.size() - kMaxProblems;
        problems.resize(kMaxProblems);
        problems.push_back("and " + std::to_string(more) + " more");
    }
    throw ConfigError(std::move(problems));
}

/// A declaration that cannot be used is the plugin author's error, and is told to him at once.
inline void Config::AddOption(const holdfast_option_v1* option) {
    const auto refuse = [](const std::string& problem) {
        throw PluginError("the plugin declares an option wrongly: " + problem);
    };
    if (option == nullptr || !HOLDFAST_HAS(option, holdfast_option_v1, choices)) {
        refuse("it is truncated");
    } else if (option->name == nullptr || *option->name == '\0') {
        refuse("it has no name");
    } else if (std::any_of(values_.begin(), values_.end(), [option](const Checked& other) {
                   return std::strcmp(other.option->name, option->name) == 0;
               })) {
        refuse(std::string(option->name) + " is there twice");
    }
    Checked checked;
    checked.option = option;
    if ((option->flags & HOLDFAST_OPTION_REQUIRED) == 0) {
        const std::string fallback = OptionDefault(*option);
        // The default of a text may be empty, that of a type that is not known is the plugin's own.
        bool fits = fallback == "\"\"" || option->type > HOLDFAST_OPTION_INTEGERS;
        try {
            fits = fits || Take(checked, ParseJson(fallback, kMaxDepth)) == nullptr;
        } catch (const JsonError&) {
        }
        if (!fits) {
            refuse(std::string(option->name) + " must be " + OptionWants(*option) +
                   ", its default is " + fallback);
        }
    }
    values_.push_back(std::move(checked));
}

inline void Config::Give(const JsonValue::Member& member, std::string_view text,
                         std::vector<std::string>& problems) {
    const auto found = std::find_if(
        values_.begin(), values_.end(),
        [&member](const Checked& checked) { return member.name == checked.option->name; });
    if (found == values_.end()) {
        problems.push_back(At(TextPlace::Of(text, member.offset)) + Unknown(member.name));
        return;
    }
    const holdfast_option_v1& option = *found->option;
    found->place = TextPlace::Of(text, member.value.offset);
    const JsonValue* const wrong = Take(*found, member.value);
    if (wrong == nullptr) return;
    std::string what = option.name;
    for (const JsonValue::Member& inner : member.value.members) {
        if (&inner.value == wrong) what += "." + inner.name;
    }
    const bool secret = (option.flags & HOLDFAST_OPTION_SECRET) != 0;
    problems.push_back(At(TextPlace::Of(text, wrong->offset)) + what + " must be " +
                       (wrong == &member.value ? OptionWants(option) : OptionItemWants(option)) +
                       (secret ? "" : "; it is " + detail::SaidText(*wrong)));
}

inline std::string Config::Unknown(const std::string& member) const {
    std::vector<std::string_view> names;
    for (const Checked& checked : values_) names.emplace_back(checked.option->name);
    JsonValue said;
    said.kind = JsonValue::Kind::kText;
    said.text = member;
    std::string problem = "there is no option " + detail::SaidText(said);
    if (const auto nearest = NearestName(member, names)) {
        return problem + "; did you mean \"" + *nearest + "\"?";
    }
    problem += names.empty() ? "; this plugin has none" : "; there are ";
    for (std::size_t i = 0; i < names.size(); ++i) {
        problem += (i == 0 ? "" : ", ") + std::string(names[i]);
    }
    return problem;
}

/// The value, or the one within it, that is not what the option wants; nullptr when it fits. A type
/// that this version does not know takes every value: the plugin reads it by itself.
inline const JsonValue* Config::Take(Checked& checked, const JsonValue& value) {
    using Kind = JsonValue::Kind;
    const holdfast_option_v1& option = *checked.option;
    const auto unless = [&value](bool good) { return good ? nullptr : &value; };
    const auto integer = [&](std::optional<std::int64_t> number) {
        checked.integer = number.value_or(0);
        return unless(number && InBounds(option, *number));
    };
    switch (option.type) {
        case HOLDFAST_OPTION_TEXT:
            checked.text = value.text;
            return unless(value.kind == Kind::kText && !value.text.empty() &&
                          IsChoice(option, value.text));
        case HOLDFAST_OPTION_FLAG:
            checked.integer = value.flag ? 1 : 0;
            return unless(value.kind == Kind::kFlag);
        case HOLDFAST_OPTION_INTEGER:
            return value.kind == Kind::kInteger ? integer(value.integer) : &value;
        case HOLDFAST_OPTION_NUMBER:
            checked.number = value.number;
            return unless(
                (value.kind == Kind::kInteger || value.kind == Kind::kNumber) &&
                (!HasBounds(option) || (value.number >= static_cast<double>(option.lowest) &&
                                        value.number <= static_cast<double>(option.highest))));
        case HOLDFAST_OPTION_DURATION:
            return value.kind == Kind::kText
                       ? integer(detail::ParseUnits(value.text, detail::kDurationUnits))
                       : &value;
        case HOLDFAST_OPTION_SIZE:
            if (value.kind == Kind::kInteger && value.integer >= 0) return integer(value.integer);
            return value.kind == Kind::kText
                       ? integer(detail::ParseUnits(value.text, detail::kSizeUnits))
                       : &value;
        case HOLDFAST_OPTION_TEXTS:
            checked.texts.clear();
            for (const JsonValue& item : value.items) {
                if (item.kind != Kind::kText) return &item;
                checked.texts.push_back(item.text);
            }
            return unless(value.kind == Kind::kArray);
        case HOLDFAST_OPTION_INTEGERS:
            checked.integers.clear();
            for (const auto& [name, offset, item] : value.members) {
                if (item.kind != Kind::kInteger || !InBounds(option, item.integer)) return &item;
                checked.integers[name] = item.integer;
            }
            return unless(value.kind == Kind::kObject);
        default:
            return nullptr;
    }
}

inline bool Config::IsChoice(const holdfast_option_v1& option, const std::string& text) {
    if (option.choices == nullptr) return true;
    const std::string all = "|" + std::string(option.choices) + "|";
    return text.find('|') == text.npos && all.find("|" + text + "|") != all.npos;
}

}  // namespace holdfast::worker
