#pragma once

#include <array>
#include <istream>
#include <optional>
#include <string>

namespace holdfast::worker {

/// All that is left in the stream; nothing when it is not open, or cannot be read to its end: a
/// folder can be opened as a file, and only its reading fails.
inline std::optional<std::string> ReadToEnd(std::istream& from) {
    if (!from) return std::nullopt;
    std::string text;
    std::array<char, 16 << 10> part;
    do {
        from.read(part.data(), part.size());
        text.append(part.data(), static_cast<std::size_t>(from.gcount()));
    } while (from);
    if (from.bad()) return std::nullopt;
    return text;
}

}  // namespace holdfast::worker
