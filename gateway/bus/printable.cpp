#include "gateway/bus/printable.h"

#include <cstdint>

namespace holdfast::gateway {
namespace {

bool IsContinuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The length of the valid UTF-8 character (RFC 3629) that `text` begins with; 0 where there is
/// none.
std::size_t CharacterSize(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return 1;
    const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (!IsContinuation(text[i])) return 0;
    }
    const bool overlong =
        (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
    const bool surrogate = byte(0) == 0xED && byte(1) >= 0xA0;
    const bool too_large = byte(0) == 0xF4 && byte(1) >= 0x90;
    return overlong || surrogate || too_large ? 0 : size;
}

}  // namespace

std::string Printable(std::string_view text, std::size_t max_bytes) {
    std::string printable;
    printable.reserve(text.size() < max_bytes ? text.size() : max_bytes);
    while (!text.empty()) {
        const std::size_t size = CharacterSize(text);
        const std::size_t taken = size == 0 ? 1 : size;
        if (printable.size() + taken > max_bytes) break;
        const auto first = static_cast<unsigned char>(text[0]);
        const bool c1_control =
            size == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
        if (size == 0) {
            printable += '?';
        } else if (first < 0x20 || first == 0x7F || c1_control) {
            printable += ' ';
        } else {
            printable.append(text, 0, size);
        }
        text.remove_prefix(taken);
    }
    return printable;
}

}  // namespace holdfast::gateway
