#include "tests/fuzz/session/strict_http.h"

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace holdfast::fuzz {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

using Headers = std::multimap<std::string, std::string>;

bool IsToken(std::string_view text) {
    constexpr std::string_view kToken =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return !text.empty() && text.find_first_not_of(kToken) == std::string_view::npos;
}

std::string Lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string_view Trimmed(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

bool HasControls(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) return true;
    }
    return false;
}

template <int kBase>
std::optional<std::uint64_t> Number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value, kBase);
    if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
    return value;
}

/// The lines after the first, each of which ends with CRLF.
std::optional<Headers> ReadHeaders(std::string_view lines) {
    Headers headers;
    while (!lines.empty()) {
        const std::size_t end = lines.find(kLineEnd);
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + kLineEnd.size());
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return std::nullopt;
        if (HasControls(line)) return std::nullopt;
        headers.emplace(Lower(line.substr(0, colon)), Trimmed(line.substr(colon + 1)));
    }
    return headers;
}

struct Body {
    StrictRequest::State state = StrictRequest::State::kIncomplete;
    std::string content;
    std::size_t size = 0;
};

Body ReadChunks(std::string_view bytes) {
    Body body;
    std::size_t at = 0;
    const auto line = [&]() -> std::optional<std::string_view> {
        const std::size_t end = bytes.find(kLineEnd, at);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view text = bytes.substr(at, end - at);
        at = end + kLineEnd.size();
        return text;
    };
    const auto malformed = [&body] {
        body.state = StrictRequest::State::kMalformed;
        return body;
    };
    for (;;) {
        const auto head = line();
        if (!head) return body;
        const std::string_view digits = Trimmed(head->substr(0, head->find(';')));
        const auto size = Number<16>(digits);
        if (!size || HasControls(*head)) return malformed();
        if (*size == 0) break;
        if (bytes.size() - at < *size) return body;
        body.content += bytes.substr(at, static_cast<std::size_t>(*size));
        at += static_cast<std::size_t>(*size);
        if (bytes.size() - at < kLineEnd.size()) return body;
        if (bytes.substr(at, kLineEnd.size()) != kLineEnd) return malformed();
        at += kLineEnd.size();
    }
    for (;;) {
        const auto trailer = line();
        if (!trailer) return body;
        if (trailer->empty()) break;
        if (HasControls(*trailer)) return malformed();
    }
    body.state = StrictRequest::State::kComplete;
    body.size = at;
    return body;
}

Body ReadBody(const Headers& headers, std::string_view bytes) {
    Body body;
    body.state = StrictRequest::State::kMalformed;
    const std::size_t lengths = headers.count("content-length");
    const std::size_t codings = headers.count("transfer-encoding");
    if (lengths + codings > 1) return body;
    if (codings == 1) {
        if (Lower(headers.find("transfer-encoding")->second) != "chunked") return body;
        return ReadChunks(bytes);
    }
    std::uint64_t length = 0;
    if (lengths == 1) {
        const auto number = Number<10>(headers.find("content-length")->second);
        if (!number) return body;
        length = *number;
    }
    body.state = StrictRequest::State::kIncomplete;
    if (bytes.size() < length) return body;
    body.state = StrictRequest::State::kComplete;
    body.content = bytes.substr(0, static_cast<std::size_t>(length));
    body.size = body.content.size();
    return body;
}

}  // namespace

StrictRequest ReadRequest(std::string_view bytes) {
    StrictRequest request;
    std::size_t begin = 0;
    while (bytes.substr(begin, kLineEnd.size()) == kLineEnd) begin += kLineEnd.size();
    const std::string_view rest = bytes.substr(begin);
    const std::size_t blank = rest.find(' ');
    if (blank != std::string_view::npos) request.method = rest.substr(0, blank);
    const std::size_t head = rest.find("\r\n\r\n");
    if (head == std::string_view::npos) return request;

    request.state = StrictRequest::State::kMalformed;
    const std::string_view lines = rest.substr(0, head + kLineEnd.size());
    const std::size_t first = lines.find(kLineEnd);
    const std::string_view request_line = lines.substr(0, first);
    const std::size_t target = request_line.find(' ', blank + 1);
    if (!IsToken(request.method) || target == std::string_view::npos) return request;
    const std::string_view version = request_line.substr(target + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return request;
    if (HasControls(request_line) || target == blank + 1) return request;
    const auto headers = ReadHeaders(lines.substr(first + kLineEnd.size()));
    if (!headers) return request;
    const std::size_t head_size = begin + head + 2 * kLineEnd.size();
    Body body = ReadBody(*headers, bytes.substr(head_size));
    request.state = body.state;
    request.has_head = true;
    request.body = std::move(body.content);
    request.size = head_size + body.size;
    return request;
}

StrictAnswer ReadAnswer(std::string_view bytes) {
    StrictAnswer answer;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return answer;
    answer.head = end + 2 * kLineEnd.size();
    answer.state = StrictAnswer::State::kMalformed;
    const std::string_view lines = bytes.substr(0, end + kLineEnd.size());
    const std::size_t first = lines.find(kLineEnd);
    const std::string_view line = lines.substr(0, first);
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    constexpr std::size_t kStatusDigits = 3;
    const std::size_t phrase = kVersion.size() + kStatusDigits;
    if (!line.starts_with(kVersion) || line.size() <= phrase || line[phrase] != ' ') return answer;
    const auto status = Number<10>(line.substr(kVersion.size(), kStatusDigits));
    const auto headers = ReadHeaders(lines.substr(first + kLineEnd.size()));
    if (!status || *status < 100 || *status > 599 || !headers) return answer;
    answer.status = static_cast<unsigned>(*status);
    if (answer.status < 200) {
        if (answer.status != 100 || !headers->empty()) return answer;
        answer.state = StrictAnswer::State::kComplete;
        return answer;
    }
    for (const char* const once : {"holdfast-outcome", "holdfast-correlation-id", "date"}) {
        if (headers->count(once) != 1) return answer;
    }
    if (headers->count("transfer-encoding") != 0) return answer;
    const bool bodiless = answer.status == 204 || answer.status == 304;
    const std::size_t lengths = headers->count("content-length");
    if (lengths > 1 || (lengths == 0 && !bodiless)) return answer;
    if (lengths == 1 && !bodiless) {
        const auto length = Number<10>(headers->find("content-length")->second);
        if (!length) return answer;
        answer.body = static_cast<std::size_t>(*length);
    }
    const auto connection = headers->find("connection");
    answer.closes = connection != headers->end() && connection->second == "close";
    answer.state = StrictAnswer::State::kComplete;
    return answer;
}

}  // namespace holdfast::fuzz
