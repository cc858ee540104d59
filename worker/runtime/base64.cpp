#include "worker/runtime/base64.h"

#include <algorithm>
#include <cstdint>

namespace holdfast::worker {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8U | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= count ? kAlphabet[bits >> (18 - 6 * i) & 63U] : '=';
        }
    }
    return text;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        std::uint32_t bits = 0;
        std::size_t count = 3;
        for (std::size_t i = 0; i < 4; ++i) {
            const char c = text[at + i];
            if (c == '=' && i >= 2 && at + 4 == text.size() && text.back() == '=') {
                count = std::min(count, i - 1);
                bits <<= 6U;
                continue;
            }
            const std::size_t value = kAlphabet.find(c);
            if (value == kAlphabet.npos || count < 3) return std::nullopt;
            bits = bits << 6U | static_cast<std::uint32_t>(value);
        }
        for (std::size_t i = 0; i < count; ++i) {
            bytes += static_cast<char>(bits >> (16 - 8 * i) & 0xffU);
        }
    }
    // Bits beyond the last byte that are not zero: two texts for the same bytes.
    if (EncodeBase64(bytes) != text) return std::nullopt;
    return bytes;
}

}  // namespace holdfast::worker
