#include "gateway/http/framing.h"

#include <algorithm>
#include <charconv>

#include "gateway/core/field_list.h"
#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

/// A client has no use for more, and each is looked up for each header.
constexpr std::size_t kMaxConnectionOptions = 16;

std::optional<Reject> CheckCoding(std::string_view value) {
    bool unknown = false;
    std::size_t chunked = 0;
    bool chunked_is_last = false;
    ForEachListElement(value, [&](std::string_view coding) {
        chunked_is_last = EqualsIgnoringCase(coding, "chunked");
        chunked += chunked_is_last ? 1 : 0;
        unknown = unknown || !chunked_is_last;
    });
    if (chunked > 1 || (chunked == 1 && !chunked_is_last)) return Reject::kCodingInvalid;
    if (unknown) return Reject::kCodingUnknown;
    // An empty element beside the one coding is another thing that two parsers may read
    // differently.
    if (chunked == 0 || !EqualsIgnoringCase(value, "chunked")) return Reject::kCodingInvalid;
    return std::nullopt;
}

bool ParseLength(std::string_view value, std::uint64_t& length) {
    if (value.empty() || !std::all_of(value.begin(), value.end(), IsDigit)) return false;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    return error == std::errc() && end == value.data() + value.size();
}

bool TakesBody(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

bool IsValidHost(std::string_view text) {
    std::string_view host = text;
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos || close < 3) return false;
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        const auto in_address = [](char c) { return HexValue(c) >= 0 || c == ':' || c == '.'; };
        if (!std::all_of(host.begin(), host.end(), in_address)) return false;
        if (!port.empty() && port.front() != ':') return false;
    } else {
        const std::size_t colon = text.find(':');
        if (colon != std::string_view::npos) {
            host = text.substr(0, colon);
            port = text.substr(colon);
        }
        if (host.empty() || !std::all_of(host.begin(), host.end(), IsHostCharacter)) return false;
    }
    if (port.empty()) return true;
    port.remove_prefix(1);
    return port.size() <= 5 && std::all_of(port.begin(), port.end(), IsDigit);
}

std::optional<Reject> CheckFraming(const RequestHead& head, Framing& into) {
    into = Framing{};
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
    std::size_t options = 0;
    bool close = false;
    bool keep_alive = false;
    bool options_valid = true;
    std::string_view coding;
    for (const HeaderField& field : head.fields) {
        switch (field.known) {
            case Known::kHost:
                ++hosts;
                into.host = field.value;
                break;
            case Known::kContentLength:
                if (!ParseLength(field.value, into.length)) return Reject::kLengthInvalid;
                ++lengths;
                break;
            case Known::kTransferEncoding:
                ++codings;
                coding = field.value;
                break;
            case Known::kConnection:
                ForEachListElement(field.value, [&](std::string_view option) {
                    ++options;
                    if (EqualsIgnoringCase(option, "close")) {
                        close = true;
                    } else if (EqualsIgnoringCase(option, "keep-alive")) {
                        keep_alive = true;
                    } else {
                        into.has_connection_options = true;
                        options_valid = options_valid && IsToken(option);
                    }
                });
                break;
            case Known::kExpect:
                if (EqualsIgnoringCase(field.value, "100-continue")) {
                    into.expects_continue = true;
                } else {
                    into.expects_other = true;
                }
                break;
            default:
                break;
        }
    }
    if (hosts > 1) return Reject::kHostRepeated;
    if (hosts == 0 && !head.http10) return Reject::kHostMissing;
    if (hosts == 1 && !IsValidHost(into.host)) return Reject::kHostInvalid;
    if (lengths > 1) return Reject::kLengthRepeated;
    if (codings > 0) {
        if (head.http10) return Reject::kCodingInHttp10;
        if (lengths > 0) return Reject::kLengthWithCoding;
        if (codings > 1) return Reject::kCodingInvalid;
        if (const auto reason = CheckCoding(coding)) return reason;
        into.chunked = true;
    }
    if (head.http10 && lengths == 0 && TakesBody(head.method)) return Reject::kLengthRequired;
    if (!options_valid || options > kMaxConnectionOptions) return Reject::kConnectionInvalid;
    into.keep_alive = !close && (!head.http10 || keep_alive);
    if (head.http10) into.expects_continue = into.expects_other = false;
    return std::nullopt;
}

}  // namespace holdfast::gateway::http
