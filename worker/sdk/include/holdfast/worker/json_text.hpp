#pragma once

#include <holdfast/worker/json_value.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::worker {

namespace detail {

/// RFC 8259 in UTF-8, and stricter where the RFC leaves a choice: no member twice in an object, no
/// nesting deeper than `max_depth`, no half of a surrogate pair.
class JsonReader {
  public:
    /// Without `keep` it only reads: arrays and objects come out empty.
    JsonReader(std::string_view text, int max_depth, bool keep)
        : text_(text), depth_left_(max_depth), keep_(keep) {}

    JsonValue Read() {
        JsonValue value = ReadValue();
        SkipSpace();
        if (at_ != text_.size()) Fail("something follows the end of the JSON value");
        return value;
    }

  private:
    [[noreturn]] void Fail(const std::string& problem) const { FailAt(at_, problem); }
    [[noreturn]] void FailAt(std::size_t offset, const std::string& problem) const {
        throw JsonError(text_, offset, problem);
    }
    char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool Take(char wanted) {
        if (at_ == text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }
    void SkipSpace() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) {
            ++at_;
        }
    }

    JsonValue ReadValue() {
        SkipSpace();
        JsonValue value;
        value.offset = at_;
        const char c = Peek();
        if (c == '{') {
            ReadObject(value);
        } else if (c == '[') {
            ReadArray(value);
        } else if (c == '"') {
            value.kind = JsonValue::Kind::kText;
            value.text = ReadText();
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            ReadNumber(value);
        } else if (TakeWord("true") || TakeWord("false")) {
            value.kind = JsonValue::Kind::kFlag;
            value.flag = text_[at_ - 2] == 'u';
        } else if (!TakeWord("null")) {
            Fail(at_ == text_.size() ? "the text ends where a value is wanted"
                                     : "a JSON value is wanted here");
        }
        value.end = at_;
        return value;
    }

    bool TakeWord(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    void Deeper() {
        if (depth_left_-- == 0) Fail("nested too deeply");
    }

    void ReadObject(JsonValue& value) {
        Deeper();
        value.kind = JsonValue::Kind::kObject;
        // Ordered: who writes the text could make the names collide in a table of hashes.
        std::set<std::string> names;
        ++at_;
        for (bool first = true;; first = false) {
            SkipSpace();
            if (first && Take('}')) break;
            if (Peek() != '"') Fail("the name of a member, in double quotes, is wanted here");
            JsonValue::Member member;
            member.offset = at_;
            member.name = ReadText();
            if (!names.insert(member.name).second) {
                FailAt(member.offset, "\"" + member.name + "\" appears twice in one object");
            }
            SkipSpace();
            if (!Take(':')) Fail("a ':' is wanted here");
            member.value = ReadValue();
            if (keep_) value.members.push_back(std::move(member));
            SkipSpace();
            if (Take('}')) break;
            if (!Take(',')) Fail("a ',' or '}' is wanted here");
        }
        ++depth_left_;
    }

    void ReadArray(JsonValue& value) {
        Deeper();
        value.kind = JsonValue::Kind::kArray;
        ++at_;
        for (bool first = true;; first = false) {
            SkipSpace();
            if (first && Take(']')) break;
            JsonValue item = ReadValue();
            if (keep_) value.items.push_back(std::move(item));
            SkipSpace();
            if (Take(']')) break;
            if (!Take(',')) Fail("a ',' or ']' is wanted here");
        }
        ++depth_left_;
    }

    void ReadNumber(JsonValue& value) {
        const std::size_t begin = at_;
        const auto digits = [this] {
            const std::size_t from = at_;
            while (Peek() >= '0' && Peek() <= '9') ++at_;
            return at_ - from;
        };
        Take('-');
        const bool zero = Peek() == '0';
        const std::size_t whole = digits();
        bool integer = true;
        if (whole == 0 || (zero && whole > 1)) FailAt(begin, "this is not a JSON number");
        if (Take('.')) {
            integer = false;
            if (digits() == 0) FailAt(begin, "this is not a JSON number");
        }
        if (Take('e') || Take('E')) {
            integer = false;
            if (!Take('+')) Take('-');
            if (digits() == 0) FailAt(begin, "this is not a JSON number");
        }
        const char* const from = text_.data() + begin;
        const char* const to = text_.data() + at_;
        if (std::from_chars(from, to, value.number).ec != std::errc()) {
            FailAt(begin, "the number is out of range");
        }
        value.kind = JsonValue::Kind::kNumber;
        // One of more than 64 bits stays a number.
        if (integer && std::from_chars(from, to, value.integer).ec == std::errc()) {
            value.kind = JsonValue::Kind::kInteger;
        }
    }

    std::string ReadText() {
        const std::size_t begin = at_++;
        std::string text;
        while (!Take('"')) {
            if (at_ == text_.size()) FailAt(begin, "the string has no end");
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c < 0x20) Fail("a control character in a string must be escaped");
            if (c == '\\') {
                ReadEscape(text);
            } else {
                const std::size_t size = Utf8CharacterSize(text_.substr(at_));
                if (size == 0) Fail("this is not valid UTF-8");
                text.append(text_.substr(at_, size));
                at_ += size;
            }
        }
        return text;
    }

    void ReadEscape(std::string& text) {
        constexpr std::string_view kNames = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const std::size_t begin = at_++;
        const std::size_t known = at_ == text_.size() ? kNames.npos : kNames.find(text_[at_]);
        if (known != kNames.npos) {
            text += kMeanings[known];
            ++at_;
            return;
        }
        if (!Take('u')) FailAt(begin, "this is not an escape of JSON");
        std::uint32_t code = ReadHex(begin);
        if (code >= 0xd800 && code < 0xdc00 && TakeWord("\\u")) {
            const std::uint32_t low = ReadHex(begin);
            if (low < 0xdc00 || low >= 0xe000) FailAt(begin, "half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
        } else if (code >= 0xd800 && code < 0xe000) {
            FailAt(begin, "half of a surrogate pair");
        }
        AppendUtf8(text, code);
    }

    std::uint32_t ReadHex(std::size_t escape) {
        std::uint32_t code = 0;
        const std::string_view four = text_.substr(at_, 4);
        const auto [end, error] = std::from_chars(four.data(), four.data() + four.size(), code, 16);
        if (error != std::errc() || end != four.data() + 4) {
            FailAt(escape, "\\u needs four hexadecimal digits");
        }
        at_ += 4;
        return code;
    }

    static void AppendUtf8(std::string& text, std::uint32_t code) {
        const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
        if (code < 0x80) {
            put(code);
        } else if (code < 0x800) {
            put(0xc0U | code >> 6U);
            put(0x80U | (code & 0x3fU));
        } else if (code < 0x10000) {
            put(0xe0U | code >> 12U);
            put(0x80U | (code >> 6U & 0x3fU));
            put(0x80U | (code & 0x3fU));
        } else {
            put(0xf0U | code >> 18U);
            put(0x80U | (code >> 12U & 0x3fU));
            put(0x80U | (code >> 6U & 0x3fU));
            put(0x80U | (code & 0x3fU));
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_left_;
    bool keep_;
};

}  // namespace detail

/// Throws JsonError, whose text never quotes a value.
inline JsonValue ParseJson(std::string_view text, int max_depth) {
    return detail::JsonReader(text, max_depth, true).Read();
}

/// What ParseJson would throw, without keeping what it reads; nothing where it would not.
inline std::optional<JsonError> FindJsonError(std::string_view text, int max_depth) {
    try {
        detail::JsonReader(text, max_depth, false).Read();
    } catch (const JsonError& error) {
        return error;
    }
    return std::nullopt;
}

}  // namespace holdfast::worker
