#include "load/report/base64.h"

#include <cstdint>

namespace holdfast::load {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string ToBase64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t n = 0; n < 3; ++n) {
            group <<= 8U;
            if (at + n < bytes.size()) group |= static_cast<std::uint8_t>(bytes[at + n]);
        }
        for (std::size_t n = 0; n < 4; ++n) {
            const bool padding = at + n > bytes.size();
            text += padding ? '=' : kAlphabet[(group >> (18U - 6U * n)) & 0x3FU];
        }
    }
    return text;
}

bool FromBase64(std::string_view text, std::string& bytes) {
    bytes.clear();
    if (text.size() % 4 != 0) return false;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        std::string_view four = text.substr(at, 4);
        while (at + 4 == text.size() && four.size() > 2 && four.back() == '=') {
            four.remove_suffix(1);
        }
        std::uint32_t group = 0;
        for (std::size_t n = 0; n < 4; ++n) {
            const auto digit = n < four.size() ? kAlphabet.find(four[n]) : 0;
            if (digit == std::string_view::npos) return false;
            group = (group << 6U) | static_cast<std::uint32_t>(digit);
        }
        for (std::size_t n = 0; n + 1 < four.size(); ++n) {
            bytes += static_cast<char>((group >> (16U - 8U * n)) & 0xFFU);
        }
        // Bits behind the last byte are zero, so that equal bytes are equal texts.
        if (four.size() < 4 && (group & ((1U << (8U * (4 - four.size()))) - 1)) != 0) return false;
    }
    return true;
}

}  // namespace holdfast::load
