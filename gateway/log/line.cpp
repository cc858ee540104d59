#include "gateway/log/line.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace holdfast::gateway::log {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"trace", "debug", "info", "warn", "error"};
constexpr std::string_view kTextTruncated = " truncated=true";
constexpr std::string_view kJsonTruncated = ",\"truncated\":true";
/// Of one value or message, before escaping.
constexpr std::size_t kMaxValue = 512;

/// The length of the UTF-8 sequence that `text` begins with, 0 when it begins with none (RFC 3629:
/// no surrogates, nothing overlong, nothing above U+10FFFF).
std::size_t SequenceLength(std::string_view text) {
    const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return i < text.size() && at(i) >= low && at(i) <= high;
    };
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// C1 controls (U+0080 to U+009F) steer terminals; U+2028 and U+2029 end lines for some readers.
bool IsHiddenControl(std::string_view sequence) {
    if (sequence.size() == 2) {
        return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
    }
    return sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9";
}

void AppendHex(std::string& out, std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xF]};
    }
}

void AppendJsonEscape(std::string& out, std::string_view sequence) {
    char escape[8];
    if (sequence.size() == 1) {
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(sequence[0]));
    } else if (sequence.size() == 2) {
        std::snprintf(escape, sizeof escape, "\\u00%02x", static_cast<unsigned char>(sequence[1]));
    } else {
        std::snprintf(escape, sizeof escape, "\\u202%c", sequence[2] == '\xA8' ? '8' : '9');
    }
    out += escape;
}

/// At most kMaxValue bytes, not cut within a character.
std::string_view Cut(std::string_view text) {
    if (text.size() <= kMaxValue) return text;
    std::size_t end = kMaxValue;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end == 0 ? kMaxValue : end);
}

void AppendString(std::string& out, std::string_view text, Format format) {
    const std::string_view cut = Cut(text);
    const bool quoted = format == Format::kJson || cut.empty() ||
                        cut.find_first_of(" =\"\\") != std::string_view::npos;
    if (quoted) out += '"';
    AppendEscaped(out, cut, format, quoted);
    if (cut.size() < text.size()) out += "...";
    if (quoted) out += '"';
}

template <typename Number>
void AppendNumber(std::string& out, Number number) {
    char digits[32];
    const auto result = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, result.ptr);
}

void AppendDouble(std::string& out, double number) {
    // JSON has no word for what is no number.
    if (!std::isfinite(number)) {
        out += "null";
    } else {
        AppendNumber(out, number);
    }
}

void AppendMilliseconds(std::string& out, Duration duration) {
    char text[40];
    const int length = std::snprintf(text, sizeof text, "%.3f",
                                     std::chrono::duration<double, std::milli>(duration).count());
    out.append(text, static_cast<std::size_t>(length));
}

struct AppendValue {
    std::string& out;
    Format format;
    void operator()(std::string_view value) const { AppendString(out, value, format); }
    void operator()(std::int64_t value) const { AppendNumber(out, value); }
    void operator()(std::uint64_t value) const { AppendNumber(out, value); }
    void operator()(double value) const { AppendDouble(out, value); }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(Duration value) const { AppendMilliseconds(out, value); }
};

void AppendField(std::string& out, Format format, const Field& field) {
    const std::string_view unit = std::holds_alternative<Duration>(field.value) ? "_ms" : "";
    if (format == Format::kJson) {
        out.append(",\"").append(field.key).append(unit).append("\":");
    } else {
        out.append(" ").append(field.key).append(unit).append("=");
    }
    std::visit(AppendValue{out, format}, field.value);
}

}  // namespace

std::string_view Name(Level level) {
    return kLevelNames[static_cast<std::size_t>(level)];
}

void AppendEscaped(std::string& out, std::string_view text, Format format, bool in_quotes) {
    const bool json = format == Format::kJson;
    while (!text.empty()) {
        const std::size_t length = SequenceLength(text);
        const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
        text.remove_prefix(sequence.size());
        const auto first = static_cast<unsigned char>(sequence[0]);
        if (length == 0) {
            if (json) {
                out += "\\ufffd";
            } else {
                AppendHex(out, sequence);
            }
        } else if (in_quotes && (first == '"' || first == '\\')) {
            out += {'\\', sequence[0]};
        } else if (first == '\n') {
            out += "\\n";
        } else if (first < 0x20 || first == 0x7F || IsHiddenControl(sequence)) {
            if (json) {
                AppendJsonEscape(out, sequence);
            } else {
                AppendHex(out, sequence);
            }
        } else {
            out += sequence;
        }
    }
}

void BuildLine(std::string& out, Format format, Level level, std::string_view message,
               Fields fields, std::uint64_t repeats, std::size_t max_bytes) {
    out.clear();
    const bool json = format == Format::kJson;
    const std::string_view truncated = json ? kJsonTruncated : kTextTruncated;
    if (json) {
        out.append("\"level\":\"").append(Name(level)).append("\",\"message\":");
        AppendString(out, message, format);
    } else {
        out.append(Name(level)).append(level == Level::kInfo || level == Level::kWarn ? "  " : " ");
        AppendEscaped(out, Cut(message), format, false);
    }
    const std::size_t room = max_bytes - truncated.size();
    bool left_out = out.size() > room;
    // A message of control characters is six times as long once it is escaped.
    if (left_out) {
        out.clear();
        out.append(json ? "\"level\":\"" : "").append(Name(level));
        out.append(json ? "\",\"message\":\"(too long)\"" : " (too long)");
    }
    const auto add = [&](const Field& field) {
        const std::size_t before = out.size();
        AppendField(out, format, field);
        if (out.size() <= room) return;
        out.resize(before);
        left_out = true;
    };
    if (repeats > 0) add({"repeats", repeats});
    for (const Field& field : fields) add(field);
    if (left_out) out.append(truncated);
}

}  // namespace holdfast::gateway::log
