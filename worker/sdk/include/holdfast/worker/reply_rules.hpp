#pragma once

/// What plugin.h asks of a reply, as the worker checks it. The fixture of testing.hpp uses the same
/// functions, so that a reply that passes a test is one that the worker takes.

#include <holdfast/worker/span.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace holdfast::worker {

inline constexpr std::size_t kMaxReplyHeaders = 128;
/// bus.max_reply's default: what counts where no gateway has said anything.
inline constexpr std::uint64_t kDefaultMaxReplyBytes = std::uint64_t{512} << 10U;

namespace detail {

/// RFC 9110, 7.6.1, and the one that the body decides.
inline constexpr std::array<std::string_view, 9> kForbiddenHeaders = {
    "connection", "content-length",    "keep-alive", "proxy-authenticate", "proxy-connection", "te",
    "trailer",    "transfer-encoding", "upgrade"};

inline bool Dangling(holdfast_span span) {
    return span.data == nullptr && span.size != 0;
}

inline bool IsAlphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

inline char Lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

/// RFC 9110, 5.6.2.
inline bool IsToken(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return IsAlphanumeric(c) || kTokenMarks.find(c) != std::string_view::npos;
    });
}

/// RFC 9110, 5.5: in a header's value there is none but TAB.
inline bool IsControl(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

inline std::string CheckHeader(const holdfast_field& field) {
    if (Dangling(field.name) || Dangling(field.value)) return "a header points nowhere";
    const std::string_view name = View(field.name);
    if (!IsToken(name)) return "a header's name is not a token";
    for (const std::string_view forbidden : kForbiddenHeaders) {
        const bool equal = std::equal(name.begin(), name.end(), forbidden.begin(), forbidden.end(),
                                      [](char mine, char lower) { return Lower(mine) == lower; });
        if (equal) return "the header " + std::string(forbidden) + " is not the plugin's to set";
    }
    const std::string_view value = View(field.value);
    if (std::any_of(value.begin(), value.end(), &IsControl)) {
        return "the header " + std::string(name) + " has a control character in its value";
    }
    return {};
}

/// Body and headers. No sum wraps around: it stays at the largest number that there is.
inline std::uint64_t ReplyBytes(const holdfast_reply_v1& reply) {
    std::uint64_t bytes = reply.body.size;
    for (std::size_t i = 0; i < reply.headers.count; ++i) {
        const holdfast_field& field = reply.headers.items[i];
        for (const std::uint64_t size : {field.name.size, field.value.size}) {
            bytes += std::min(size, std::numeric_limits<std::uint64_t>::max() - bytes);
        }
    }
    return bytes;
}

}  // namespace detail

/// Why a plugin's reply breaks its contract (plugin.h, holdfast_reply_v1); empty when it does not.
/// Thread: any.
inline std::string CheckReply(const holdfast_reply_v1& reply, std::uint64_t max_reply_bytes) {
    if (reply.status < 200 || reply.status > 599) {
        return "status " + std::to_string(reply.status) + " is not from 200 to 599";
    }
    if (detail::Dangling(reply.body) || detail::Dangling(reply.detail)) {
        return "body or detail points nowhere";
    }
    const bool bodiless = reply.status == 204 || reply.status == 205 || reply.status == 304;
    if (reply.body.size != 0 && bodiless) {
        return "status " + std::to_string(reply.status) + " has a body";
    }
    if (reply.headers.count > kMaxReplyHeaders ||
        (reply.headers.count != 0 && reply.headers.items == nullptr)) {
        return "more than " + std::to_string(kMaxReplyHeaders) + " headers, or none where it says";
    }
    // Before any of it is read: a size of -1 is larger than all that there is.
    const std::uint64_t bytes = detail::ReplyBytes(reply);
    if (bytes > max_reply_bytes) {
        return "the reply has " + std::to_string(bytes) + " bytes, the gateway takes " +
               std::to_string(max_reply_bytes);
    }
    for (std::size_t i = 0; i < reply.headers.count; ++i) {
        std::string problem = detail::CheckHeader(reply.headers.items[i]);
        if (!problem.empty()) return problem;
    }
    return {};
}

/// What one call of reply() is, before anybody looks at the request that it answers.
struct ReplyReading {
    /// HOLDFAST_OK: `reply` can be taken. HOLDFAST_INVALID: it is none. HOLDFAST_UNSUPPORTED.
    holdfast_result verdict = HOLDFAST_OK;
    /// Members that the plugin did not know when it was built are zero.
    holdfast_reply_v1 reply{};
    bool not_processed = false;
};

inline ReplyReading ReadReply(const holdfast_reply_v1* reply) {
    ReplyReading reading;
    if (reply == nullptr || !HOLDFAST_HAS(reply, holdfast_reply_v1, flags)) {
        reading.verdict = HOLDFAST_INVALID;
        return reading;
    }
    std::memcpy(&reading.reply, reply, std::min(reply->size, sizeof reading.reply));
    reading.not_processed = (reading.reply.flags & HOLDFAST_REPLY_NOT_PROCESSED) != 0;
    if ((reading.reply.flags & ~std::uint32_t{HOLDFAST_REPLY_NOT_PROCESSED}) != 0) {
        reading.verdict = HOLDFAST_UNSUPPORTED;
    }
    return reading;
}

}  // namespace holdfast::worker
