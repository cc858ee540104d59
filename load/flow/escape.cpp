#include <algorithm>
#include <array>

#include "load/flow/template.h"

namespace holdfast::load {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

constexpr bool IsDigit(char c) {
    return c >= '0' && c <= '9';
}

bool IsUnreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void AppendPercentEncoded(std::string_view text, std::string& out) {
    for (const char c : text) {
        if (IsUnreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
}

}  // namespace

void AppendJsonEscaped(std::string_view text, std::string& out) {
    const auto needs_it = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
    };
    if (std::ranges::none_of(text, needs_it)) {
        out += text;
        return;
    }
    for (const char c : text) {
        if (!needs_it(c)) {
            out += c;
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
}

bool IsJsonNumber(std::string_view text) {
    const auto digits = [&] {
        const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
        text.remove_prefix(count);
        return count;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

void AppendEscaped(std::string_view text, Escape escape, std::string& out) {
    switch (escape) {
        case Escape::kNone:
            out += text;
            return;
        case Escape::kJson:
            AppendJsonEscaped(text, out);
            return;
        case Escape::kPath:
            AppendPercentEncoded(text, out);
            return;
        case Escape::kHeader:
            for (const char c : text) {
                const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                out += control ? '?' : c;
            }
            return;
        case Escape::kNumber:
            if (IsJsonNumber(text)) {
                out += text;
                return;
            }
            out += '"';
            AppendJsonEscaped(text, out);
            out += '"';
            return;
    }
}

}  // namespace holdfast::load
