#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::load {

/// Little-endian base 128, as in protobuf: seven bits a byte, the high bit says that more follow.
inline void AppendVarint(std::string& bytes, std::uint64_t value) {
    while (value >= 0x80) {
        bytes.push_back(static_cast<char>((value & 0x7F) | 0x80));
        value >>= 7U;
    }
    bytes.push_back(static_cast<char>(value));
}

/// Takes only the shortest form of a number, so that equal values are equal bytes. False when the
/// bytes end within it or it is longer than 64 bits.
inline bool TakeVarint(std::string_view& from, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
        const auto byte = static_cast<std::uint8_t>(from.front());
        if (shift == 63 && byte > 1) return false;
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) return byte != 0 || shift == 0;
    }
    return false;
}

}  // namespace holdfast::load
