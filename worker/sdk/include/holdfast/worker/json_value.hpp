#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::worker {

/// Where in a text something is; both count from 1, columns in characters of UTF-8.
struct TextPlace {
    std::size_t line = 1;
    std::size_t column = 1;

    static TextPlace Of(std::string_view text, std::size_t offset) {
        TextPlace place;
        for (const char c : text.substr(0, offset)) {
            if (c == '\n') {
                ++place.line;
                place.column = 1;
            } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
                ++place.column;
            }
        }
        return place;
    }
};

/// One value of a JSON text, with the offsets of its first byte and of what follows it.
struct JsonValue {
    enum class Kind : std::uint8_t { kNull, kFlag, kInteger, kNumber, kText, kArray, kObject };
    struct Member;

    Kind kind = Kind::kNull;
    std::size_t offset = 0;
    std::size_t end = 0;
    bool flag = false;
    std::int64_t integer = 0;
    double number = 0;  ///< of an integer, too
    std::string text{};
    std::vector<JsonValue> items{};
    std::vector<Member> members;  ///< in the text's order

    const JsonValue* Find(std::string_view name) const;
};

struct JsonValue::Member {
    std::string name;
    std::size_t offset = 0;  ///< of the name
    JsonValue value;
};

inline const JsonValue* JsonValue::Find(std::string_view name) const {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const Member& member) { return member.name == name; });
    return found == members.end() ? nullptr : &found->value;
}

class JsonError : public std::runtime_error {
  public:
    JsonError(std::string_view text, std::size_t offset, const std::string& problem)
        : std::runtime_error(problem), place_(TextPlace::Of(text, offset)) {}
    TextPlace place() const { return place_; }

  private:
    TextPlace place_;
};

/// The length of the well-formed UTF-8 character that `text` begins with (RFC 3629); 0: none.
inline std::size_t Utf8CharacterSize(std::string_view text) {
    if (text.empty()) return 0;
    const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    const std::size_t size = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
    if (size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) return 0;
    }
    // Overlong, half of a surrogate pair, or above U+10FFFF.
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) >= 0xa0) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) >= 0x90) return 0;
    return size;
}

}  // namespace holdfast::worker
