#include "load/report/utf8.h"

#include <cstdint>

namespace holdfast::load {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// The bytes of the code point at the front (RFC 3629, section 4); 0 when there is none.
std::size_t PointLength(std::string_view text) {
    const auto at = [text](std::size_t n) {
        return n < text.size() ? static_cast<std::uint8_t>(text[n]) : std::uint8_t{0};
    };
    const auto tail = [&at](std::size_t n) { return (at(n) & 0xC0U) == 0x80U; };
    const std::uint8_t first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if ((first & 0xF0U) == 0xE0U) {
        if (first == 0xE0 && at(1) < 0xA0) return 0;
        if (first == 0xED && at(1) > 0x9F) return 0;
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0 && at(1) < 0x90) return 0;
        if (first == 0xF4 && at(1) > 0x8F) return 0;
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::vector<std::string_view> Utf8Points(std::string_view text) {
    std::vector<std::string_view> points;
    while (!text.empty()) {
        const std::size_t length = PointLength(text);
        points.push_back(length > 0 ? text.substr(0, length) : kReplacement);
        text.remove_prefix(length > 0 ? length : 1);
    }
    return points;
}

std::string ValidUtf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    for (const std::string_view point : Utf8Points(text)) valid += point;
    return valid;
}

}  // namespace holdfast::load
