#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace holdfast::gateway::http {

namespace internal {

constexpr std::array<bool, 256> TableOf(std::string_view symbols) {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (const char c : symbols) table[static_cast<unsigned char>(c)] = true;
    return table;
}

inline constexpr auto kToken = TableOf("!#$%&'*+-.^_`|~");
inline constexpr auto kUnreserved = TableOf("-._~");
inline constexpr auto kPath = TableOf("-._~!$&'()*+,;=:@/");
inline constexpr auto kHost = TableOf("-._~!$&'()*+,;=%");

}  // namespace internal

/// RFC 9110, 5.6.2: tchar.
constexpr bool IsTokenCharacter(char c) {
    return internal::kToken[static_cast<unsigned char>(c)];
}
/// RFC 3986, 2.3.
constexpr bool IsUnreserved(char c) {
    return internal::kUnreserved[static_cast<unsigned char>(c)];
}
/// RFC 3986, 3.3: what a path holds as it is, the slash included.
constexpr bool IsPathCharacter(char c) {
    return internal::kPath[static_cast<unsigned char>(c)];
}
/// RFC 3986, 3.2.2: reg-name, percent signs included.
constexpr bool IsHostCharacter(char c) {
    return internal::kHost[static_cast<unsigned char>(c)];
}

constexpr bool IsDigit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool IsVisible(char c) {
    return c > 0x20 && c < 0x7f;
}
constexpr char ToLower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// The value of a hexadecimal digit, or -1.
constexpr int HexValue(char c) {
    if (IsDigit(c)) return c - '0';
    const char lower = ToLower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr bool IsToken(std::string_view text) {
    for (const char c : text) {
        if (!IsTokenCharacter(c)) return false;
    }
    return !text.empty();
}

/// Without the optional white space around it (RFC 9110, 5.6.3).
constexpr std::string_view Trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Calls `f` with each non-empty element of a comma-separated list (RFC 9110, 5.6.1).
template <typename F>
void ForEachListElement(std::string_view list, F&& f) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view element = Trim(list.substr(0, comma));
        if (!element.empty()) f(element);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace holdfast::gateway::http
