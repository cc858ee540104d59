#include "load/flow/check.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace holdfast::load {
namespace {

using Type = Answer::Type;

// std::regex recurses with the length of what it looks at.
constexpr std::size_t kMaxMatched = 4096;

std::string_view Name(Type type) {
    switch (type) {
        case Type::kNull:
            return "null";
        case Type::kBoolean:
            return "boolean";
        case Type::kInteger:
            return "integer";
        case Type::kNumber:
            return "number";
        case Type::kString:
            return "string";
        case Type::kList:
            return "list";
        case Type::kObject:
            return "object";
    }
    return "";
}

bool IsNumber(const Answer::Found& found) {
    return found.type == Type::kInteger || found.type == Type::kNumber;
}

bool Matches(const Check& check, std::string_view text) {
    if (text.size() > kMaxMatched) return false;
    try {
        return std::regex_search(text.begin(), text.end(), check.pattern);
    } catch (const std::regex_error&) {
        return false;  // Too much work for this pattern.
    }
}

std::string Shown(const Answer::Found& found) {
    return found.type == Type::kString ? Quoted(found.text) : std::string(found.text.substr(0, 60));
}

std::string Number(double number) {
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// What is right, when `found` is not.
std::optional<std::string> Wanted(const Check& check, std::string_view expected,
                                  const Answer::Found& found) {
    using Kind = Check::Kind;
    switch (check.kind) {
        case Kind::kEquals: {
            const bool same = check.numeric ? IsNumber(found) && found.number == check.number
                                            : found.text == expected;
            if (same) return std::nullopt;
            return check.numeric ? Number(check.number) : Quoted(expected);
        }
        case Kind::kType:
            if (Name(found.type) == check.word || (check.word == "number" && IsNumber(found))) {
                return std::nullopt;
            }
            return "of type " + check.word;
        case Kind::kMatches:
            if (Matches(check, found.text)) return std::nullopt;
            return "one that matches " + Quoted(check.word);
        case Kind::kContains:
            if (found.text.find(expected) != std::string_view::npos) return std::nullopt;
            return "one with " + Quoted(expected) + " in it";
        case Kind::kAtLeast:
            if (IsNumber(found) && found.number >= check.number) return std::nullopt;
            return "at least " + Number(check.number);
        case Kind::kAtMost:
            if (IsNumber(found) && found.number <= check.number) return std::nullopt;
            return "at most " + Number(check.number);
        case Kind::kLength: {
            const bool has_items = found.type == Type::kList || found.type == Type::kObject;
            const std::size_t length = has_items ? found.size : found.text.size();
            if (static_cast<double>(length) == check.number) return std::nullopt;
            return "of length " + Number(check.number);
        }
        case Kind::kExists:
        case Kind::kAbsent:
        case Kind::kBodyContains:
            break;
    }
    return std::nullopt;
}

}  // namespace

bool Statuses::Contain(std::uint16_t status) const {
    return std::ranges::any_of(
        ranges, [&](const auto& range) { return status >= range.first && status <= range.second; });
}

std::string Statuses::Text() const {
    std::string text;
    for (const auto& [low, high] : ranges) {
        if (!text.empty()) text += " or ";
        text += std::to_string(low);
        if (high != low) text += "-" + std::to_string(high);
    }
    return text;
}

std::string Failure(const Check& check, std::string_view expected, Answer& answer) {
    if (check.kind == Check::Kind::kBodyContains) {
        if (answer.body().find(expected) != std::string_view::npos) return {};
        return "the body does not have " + Quoted(expected) + " in it";
    }
    const auto found = answer.At(check.where);
    if (check.kind == Check::Kind::kAbsent) {
        if (!found) return {};
        return check.where.Text() + " is " + Shown(*found) + ", expected nothing there";
    }
    if (!found) {
        if (!check.where.header && !answer.IsJson()) return "the body is not JSON";
        return "there is no " + check.where.Text();
    }
    const auto wanted = Wanted(check, expected, *found);
    if (!wanted) return {};
    return check.where.Text() + " is " + Shown(*found) + ", expected " + *wanted;
}

}  // namespace holdfast::load
