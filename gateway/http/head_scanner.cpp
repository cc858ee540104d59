#include "gateway/http/head_scanner.h"

#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

/// RFC 9112, 2.2: a server should ignore at least one empty line before the request line.
constexpr std::uint8_t kEmptyLinesIgnored = 1;

/// Longer than any registered method (RFC 9110, 16.1).
constexpr std::size_t kMethodBytes = 32;

constexpr bool IsForbiddenByte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

std::optional<Reject> FindForbidden(std::string_view line) {
    bool found = false;
    for (const char c : line) found |= IsForbiddenByte(c);
    if (!found) return std::nullopt;
    for (const char c : line) {
        if (c == '\r') return Reject::kBareCr;
        if (IsForbiddenByte(c)) break;
    }
    return Reject::kControlByte;
}

bool LooksLikeVersion(std::string_view text) {
    return text.size() == 8 && text.starts_with("HTTP/") && IsDigit(text[5]) && text[6] == '.' &&
           IsDigit(text[7]);
}

}  // namespace

std::optional<Reject> CheckRequestLine(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == 0 || last == first) return Reject::kRequestLine;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    for (const char c : method) {
        if (!IsTokenCharacter(c)) return Reject::kRequestLine;
    }
    if (!LooksLikeVersion(version)) return Reject::kRequestLine;
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return Reject::kVersion;
    if (method.size() > kMethodBytes) return Reject::kMethodUnknown;
    if (target.empty() || target.find_first_of(" \t") != std::string_view::npos) {
        return Reject::kRequestLine;
    }
    return std::nullopt;
}

HeadScanner::Result HeadScanner::Scan(std::string_view data, const Limits& limits) {
    const auto refused = [](Reject reason) {
        return Result{.status = Result::Status::kRefused, .reason = reason};
    };
    for (;;) {
        const std::string_view rest = data.substr(line_start_);
        const std::size_t feed = rest.find('\n');
        if (feed == std::string_view::npos) {
            if (const auto reason = CheckPartial(rest, limits)) return refused(*reason);
            return {};
        }
        if (feed == 0 || rest[feed - 1] != '\r') return refused(Reject::kBareLf);
        const std::string_view line = rest.substr(0, feed - 1);
        const auto next = static_cast<std::uint32_t>(line_start_ + feed + 1);
        if (line.empty() && headers_start_ == 0) {
            if (++empty_lines_ > kEmptyLinesIgnored) return refused(Reject::kRequestLine);
            head_start_ = line_start_ = next;
            continue;
        }
        if (line.empty()) {
            return {.status = Result::Status::kComplete, .begin = head_start_, .end = next};
        }
        if (const auto reason = CheckLine(line, limits)) return refused(*reason);
        line_start_ = next;
        if (headers_start_ == 0) {
            headers_start_ = next;
        } else if (next - headers_start_ > limits.header_bytes) {
            return refused(Reject::kHeadersTooLarge);
        } else if (++header_lines_ > limits.header_count) {
            return refused(Reject::kTooManyHeaders);
        }
    }
}

std::optional<Reject> HeadScanner::CheckLine(std::string_view line, const Limits& limits) {
    if (headers_start_ == 0 && line.size() > limits.request_line) {
        return Reject::kRequestLineTooLong;
    }
    if (const auto reason = FindForbidden(line)) return reason;
    if (headers_start_ == 0) return CheckRequestLine(line);
    if (line.front() == ' ' || line.front() == '\t') return Reject::kObsFold;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return Reject::kHeaderLine;
    for (const char c : line.substr(0, colon)) {
        if (c == ' ' || c == '\t') return Reject::kSpaceInName;
        if (!IsTokenCharacter(c)) return Reject::kHeaderLine;
    }
    return std::nullopt;
}

std::optional<Reject> HeadScanner::CheckPartial(std::string_view rest, const Limits& limits) const {
    if (headers_start_ == 0) {
        // One more byte than the limit may be the CR of a line that just fits.
        if (rest.size() > limits.request_line + 1) return Reject::kRequestLineTooLong;
        return std::nullopt;
    }
    if (line_start_ - headers_start_ + rest.size() > limits.header_bytes) {
        // The CR of the empty line is not part of the headers.
        if (rest != "\r") return Reject::kHeadersTooLarge;
    }
    return std::nullopt;
}

}  // namespace holdfast::gateway::http
