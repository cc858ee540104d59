#include "gateway/http/path.h"

#include <algorithm>

#include "gateway/core/field_list.h"
#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

constexpr char kUpperHex[] = "0123456789ABCDEF";

void AppendEscaped(std::string& to, unsigned char byte) {
    to += '%';
    to += kUpperHex[byte >> 4U];
    to += kUpperHex[byte & 0xFU];
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           EqualsIgnoringCase(text.substr(0, prefix.size()), prefix);
}

std::optional<Reject> DecodeUnreserved(std::string_view path, std::string& into) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        if (IsPathCharacter(c)) {
            into += c;
        } else if (c != '%') {
            AppendEscaped(into, static_cast<unsigned char>(c));
        } else {
            if (path.size() - i < 3) return Reject::kTargetEncoding;
            const int high = HexValue(path[i + 1]);
            const int low = HexValue(path[i + 2]);
            if (high < 0 || low < 0) return Reject::kTargetEncoding;
            const auto byte = static_cast<unsigned char>(high * 16 + low);
            if (byte < 0x20 || byte == 0x7f) return Reject::kTargetEncoding;
            if (IsUnreserved(static_cast<char>(byte))) {
                into += static_cast<char>(byte);
            } else {
                AppendEscaped(into, byte);
            }
            i += 2;
        }
    }
    return std::nullopt;
}

/// RFC 3986, 5.2.4, in place; but a path that climbs above the root is an error, not the root.
std::optional<Reject> RemoveDotSegments(std::string& path) {
    std::size_t out = 0;
    std::size_t in = 0;
    while (in < path.size()) {  // path[in] is a slash
        const std::size_t end = std::min(path.find('/', in + 1), path.size());
        const std::string_view segment(path.data() + in + 1, end - in - 1);
        const bool last = end == path.size();
        if (segment == "." || segment == "..") {
            if (segment == "..") {
                if (out == 0) return Reject::kTargetAboveRoot;
                out = path.rfind('/', out - 1);
            }
            if (last) path[out++] = '/';
        } else {
            std::copy(path.begin() + static_cast<std::ptrdiff_t>(in),
                      path.begin() + static_cast<std::ptrdiff_t>(end),
                      path.begin() + static_cast<std::ptrdiff_t>(out));
            out += end - in;
        }
        in = end;
    }
    path.resize(out);
    return std::nullopt;
}

}  // namespace

std::optional<Reject> ParseTarget(std::string_view method, std::string_view target,
                                  std::string_view host, Target& into) {
    into = Target{};
    if (method == "CONNECT") return Reject::kMethodUnknown;
    for (const char c : target) {
        if (!IsVisible(c) || c == '#') return Reject::kTargetInvalid;
    }
    if (target == "*") {
        if (method != "OPTIONS") return Reject::kTargetInvalid;
        into.form = Target::Form::kAsterisk;
        return std::nullopt;
    }
    std::string_view path = target;
    if (!target.starts_with('/')) {
        std::size_t scheme = 0;
        for (const std::string_view known : {"http://", "https://"}) {
            if (StartsWithIgnoringCase(target, known)) scheme = known.size();
        }
        if (scheme == 0) return Reject::kTargetInvalid;
        const std::size_t end = std::min(target.find_first_of("/?", scheme), target.size());
        const std::string_view authority = target.substr(scheme, end - scheme);
        if (authority.empty() || authority.find('@') != std::string_view::npos) {
            return Reject::kTargetInvalid;
        }
        // HTTP/1.0 may come without a Host; otherwise the two must agree, or somebody before us
        // has routed by the other one.
        if (!host.empty() && !EqualsIgnoringCase(authority, host)) return Reject::kHostMismatch;
        path = target.substr(end);
    }
    const std::size_t question = std::min(path.find('?'), path.size());
    into.query = path.substr(question);
    into.path = path.substr(0, question);
    if (into.path.empty()) into.path = "/";
    return std::nullopt;
}

std::optional<Reject> NormalisePath(std::string_view path, std::string& into) {
    into.clear();
    if (const auto reason = DecodeUnreserved(path, into)) return reason;
    if (into.find("/.") == std::string::npos) return std::nullopt;
    return RemoveDotSegments(into);
}

}  // namespace holdfast::gateway::http
