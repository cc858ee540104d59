#include "gateway/http/reply_check.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

constexpr std::array<std::string_view, 11> kDropped = {
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "proxy-connection",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-authentication-info",
};
constexpr std::string_view kOwnPrefix = "holdfast-";

/// Of the status line and the headers that the gateway writes itself it is not the worker who
/// decides.
constexpr std::size_t kLineOverhead = 4;  // ": " and CRLF

bool IsValidValue(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

bool AgreesWithBody(std::string_view value, const Reply& reply, bool head_request) {
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [stopped, error] = std::from_chars(value.data(), end, length);
    if (error != std::errc() || stopped != end) return false;
    if (head_request && reply.body.empty()) return true;
    return length == reply.body.size() || reply.status == 304;
}

}  // namespace

std::optional<std::string_view> FindFault(const Reply& reply, std::size_t header_limit,
                                          bool head_request) {
    if (reply.status < 200 || reply.status > 599) return "the status is not one of 200 to 599";
    const bool bodiless = HasNoLength(reply.status) || reply.status == 205;
    if (bodiless && !reply.body.empty()) return "the status allows no body";
    std::size_t bytes = 0;
    std::size_t lengths = 0;
    for (const Field header : reply.headers) {
        if (!IsToken(header.name)) return "a header's name is not a token";
        if (!IsValidValue(header.value)) return "a header's value has a control byte";
        bytes += header.name.size() + header.value.size() + kLineOverhead;
        if (EqualsIgnoringCase(header.name, "content-length")) {
            if (++lengths > 1) return "there is more than one Content-Length";
            if (!AgreesWithBody(header.value, reply, head_request)) {
                return "Content-Length is not the body's length";
            }
        }
    }
    if (bytes > header_limit) return "the headers are larger than the limit";
    return std::nullopt;
}

bool IsDroppedFromReply(std::string_view name) {
    if (name.size() > kOwnPrefix.size() &&
        EqualsIgnoringCase(name.substr(0, kOwnPrefix.size()), kOwnPrefix)) {
        return true;
    }
    return std::any_of(kDropped.begin(), kDropped.end(), [name](std::string_view dropped) {
        return name.size() == dropped.size() && EqualsIgnoringCase(name, dropped);
    });
}

}  // namespace holdfast::gateway::http
