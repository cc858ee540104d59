#include "worker/runtime/reply_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace holdfast::worker {
namespace {

constexpr std::size_t kMaxHeaders = 128;

/// RFC 9110, 7.6.1, and the one that the body decides.
constexpr std::array<std::string_view, 9> kForbidden = {
    "connection", "content-length",    "keep-alive", "proxy-authenticate", "proxy-connection", "te",
    "trailer",    "transfer-encoding", "upgrade"};

bool Dangling(holdfast_span span) {
    return span.data == nullptr && span.size != 0;
}

std::string_view View(holdfast_span span) {
    return span.size == 0 ? std::string_view() : std::string_view(span.data, span.size);
}

/// RFC 9110, 5.6.2.
bool IsToken(std::string_view name) {
    static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               kMarks.find(c) != std::string_view::npos;
    });
}

bool EqualsIgnoringCase(std::string_view name, std::string_view lower) {
    return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    });
}

std::string CheckHeader(const holdfast_field& field) {
    if (Dangling(field.name) || Dangling(field.value)) return "a header points nowhere";
    const std::string_view name = View(field.name);
    if (!IsToken(name)) return "a header's name is not a token";
    for (const std::string_view forbidden : kForbidden) {
        if (EqualsIgnoringCase(name, forbidden)) {
            return "the header " + std::string(forbidden) + " is not the plugin's to set";
        }
    }
    if (View(field.value).find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        return "the header " + std::string(name) + " has CR, LF or NUL in its value";
    }
    return {};
}

}  // namespace

std::string CheckReply(const holdfast_reply_v1& reply, std::uint64_t max_reply_bytes) {
    if (reply.status < 200 || reply.status > 599) {
        return "status " + std::to_string(reply.status) + " is not from 200 to 599";
    }
    if (Dangling(reply.body) || Dangling(reply.detail)) return "body or detail points nowhere";
    if (reply.body.size != 0 && (reply.status == 204 || reply.status == 304)) {
        return "status " + std::to_string(reply.status) + " has a body";
    }
    if (reply.headers.count > kMaxHeaders || (reply.headers.count != 0 && !reply.headers.items)) {
        return "more than " + std::to_string(kMaxHeaders) + " headers, or none where it says";
    }
    std::uint64_t bytes = reply.body.size;
    for (std::size_t i = 0; i < reply.headers.count; ++i) {
        const holdfast_field& field = reply.headers.items[i];
        std::string problem = CheckHeader(field);
        if (!problem.empty()) return problem;
        bytes += field.name.size + field.value.size;
    }
    if (bytes > max_reply_bytes) {
        return "the reply has " + std::to_string(bytes) + " bytes, the gateway takes " +
               std::to_string(max_reply_bytes);
    }
    return {};
}

}  // namespace holdfast::worker
