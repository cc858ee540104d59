#include "gateway/config/text_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace holdfast::gateway::config {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxPattern = 512;
constexpr std::string_view kRest = "...";

bool IsAlpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsDigit(char c) {
    return c >= '0' && c <= '9';
}
bool IsAlphanumeric(char c) {
    return IsAlpha(c) || IsDigit(c);
}

/// RFC 9110, 5.6.2.
bool IsTokenCharacter(char c) {
    return IsAlphanumeric(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
    return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, IsTokenCharacter);
}

bool IsIdentifier(std::string_view text) {
    return !text.empty() && text.size() <= kMaxName && !IsDigit(text.front()) &&
           std::ranges::all_of(text, [](char c) { return IsAlphanumeric(c) || c == '_'; });
}

/// RFC 3986 `pchar` without percent-encoding, which paths no longer have when they are matched.
bool IsLiteralSegment(std::string_view text) {
    return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
        return IsAlphanumeric(c) ||
               std::string_view("-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
    });
}

std::vector<std::string_view> Segments(std::string_view pattern) {
    std::vector<std::string_view> segments;
    std::size_t begin = 1;
    while (begin <= pattern.size()) {
        const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
        segments.push_back(pattern.substr(begin, end - begin));
        begin = end + 1;
    }
    return segments;
}

bool IsParameter(std::string_view segment) {
    return segment.size() >= 2 && segment.front() == '{' && segment.back() == '}';
}

bool IsRest(std::string_view segment) {
    return IsParameter(segment) && segment.substr(0, segment.size() - 1).ends_with(kRest);
}

std::string_view ParameterName(std::string_view segment) {
    segment = segment.substr(1, segment.size() - 2);
    if (segment.ends_with(kRest)) segment.remove_suffix(kRest.size());
    return segment;
}

std::optional<in_addr> ParseV4(std::string_view text) {
    in_addr parsed{};
    if (inet_pton(AF_INET, std::string(text).c_str(), &parsed) == 1) return parsed;
    return std::nullopt;
}

std::optional<in6_addr> ParseV6(std::string_view text) {
    in6_addr parsed{};
    if (inet_pton(AF_INET6, std::string(text).c_str(), &parsed) == 1) return parsed;
    return std::nullopt;
}

bool IsWildcard(std::string_view address) {
    if (const auto v4 = ParseV4(address)) return v4->s_addr == htonl(INADDR_ANY);
    const auto v6 = ParseV6(address);
    return v6 && IN6_IS_ADDR_UNSPECIFIED(&*v6);
}

bool SameV6(const in6_addr& first, const in6_addr& second) {
    return std::ranges::equal(first.s6_addr, second.s6_addr);
}

}  // namespace

std::optional<std::string> CheckAddress(std::string_view text) {
    if (text.find('\0') == std::string_view::npos && (ParseV4(text) || ParseV6(text))) {
        return std::nullopt;
    }
    if (text == "localhost") return "a numeric address: 127.0.0.1 for localhost";
    if (text == "*") return "a numeric address: 0.0.0.0 for every interface";
    return "a numeric IPv4 or IPv6 address such as 127.0.0.1, 0.0.0.0 or ::1";
}

std::optional<std::string> CheckService(std::string_view text) {
    const bool good = !text.empty() && text.size() <= kMaxName && IsAlphanumeric(text.front()) &&
                      std::ranges::all_of(text, [](char c) {
                          return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-';
                      });
    if (good) return std::nullopt;
    return "a service name: at most 64 letters, digits, '.', '_' and '-', a letter or digit first";
}

std::optional<std::string> CheckMethod(std::string_view text) {
    static constexpr std::array<std::string_view, 7> kMethods{"GET",   "HEAD",   "POST",   "PUT",
                                                              "PATCH", "DELETE", "OPTIONS"};
    if (std::ranges::find(kMethods, text) != kMethods.end()) return std::nullopt;
    return "GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, in capitals";
}

std::optional<std::string> CheckMediaType(std::string_view text) {
    const std::size_t slash = text.find('/');
    const bool good =
        slash != std::string_view::npos && IsToken(text.substr(0, slash)) &&
        IsToken(text.substr(slash + 1)) &&
        std::ranges::none_of(text, [](char c) { return c == '*' || (c >= 'A' && c <= 'Z'); });
    if (good) return std::nullopt;
    return "a media type in small letters without parameters, such as application/json";
}

std::optional<std::string> CheckPattern(std::string_view text) {
    if (text.empty() || text.front() != '/') return "a path that begins with '/'";
    if (text.size() > kMaxPattern) return "a path of at most 512 characters";
    if (text == "/") return std::nullopt;
    const auto segments = Segments(text);
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const std::string_view segment = segments[i];
        if (!IsParameter(segment)) {
            if (IsLiteralSegment(segment)) continue;
            if (segment.empty()) {
                return "a path without empty segments and without a '/' at its end";
            }
            if (segment.find_first_of("{}") != std::string_view::npos) {
                return "a path whose parameters are whole segments, such as /v1/orders/{id}";
            }
            return "a path of plain characters, without '%', '?', '#', spaces, '.' and '..' "
                   "segments";
        }
        const std::string_view name = ParameterName(segment);
        if (!IsIdentifier(name)) return "a path with parameters such as {id} or {rest...}";
        if (std::ranges::find(names, name) != names.end()) {
            return "a path whose parameters have different names";
        }
        names.push_back(name);
        if (IsRest(segment) && i + 1 != segments.size()) {
            return "a path with " + std::string(segment) + " as its last segment";
        }
    }
    return std::nullopt;
}

std::optional<std::string> CheckPath(std::string_view text) {
    const bool printable =
        std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (printable) return std::nullopt;
    return "a path without control characters";
}

std::optional<std::string> CheckFieldName(std::string_view text) {
    if (IsIdentifier(text)) return std::nullopt;
    return "a field name: at most 64 letters, digits and '_', not a digit first";
}

bool IsSourceName(Source::Kind kind, std::string_view name) {
    switch (kind) {
        case Source::Kind::kUuid7:
        case Source::Kind::kReceivedAt:
            return name.empty();
        case Source::Kind::kBody:
        case Source::Kind::kPath:
            return IsIdentifier(name);
        case Source::Kind::kHeader:
            return IsToken(name);
    }
    return false;
}

bool IsLoopback(std::string_view address) {
    if (const auto v4 = ParseV4(address)) return ntohl(v4->s_addr) >> 24 == 127;
    const auto v6 = ParseV6(address);
    return v6 && IN6_IS_ADDR_LOOPBACK(&*v6);
}

bool Overlap(std::string_view first, std::string_view second) {
    // "::" takes IPv4 as well unless the socket says otherwise: treat wildcards as meeting
    // everything.
    if (IsWildcard(first) || IsWildcard(second)) return true;
    const auto first_v6 = ParseV6(first);
    const auto second_v6 = ParseV6(second);
    if (first_v6 && second_v6) return SameV6(*first_v6, *second_v6);
    return first == second;
}

bool IsJson(std::string_view media_type) {
    return media_type == "application/json" || media_type.ends_with("+json");
}

std::vector<std::string> Parameters(std::string_view pattern) {
    std::vector<std::string> names;
    for (const std::string_view segment : Segments(pattern)) {
        if (IsParameter(segment)) names.emplace_back(ParameterName(segment));
    }
    return names;
}

std::string Shape(std::string_view pattern) {
    std::string shape;
    for (const std::string_view segment : Segments(pattern)) {
        shape += '/';
        if (!IsParameter(segment)) {
            shape += segment;
        } else {
            shape += IsRest(segment) ? "{...}" : "{}";
        }
    }
    return shape;
}

}  // namespace holdfast::gateway::config
