#include "worker/runtime/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>

namespace holdfast::worker {
namespace {

bool IsPort(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool IsNumeric(const std::string& host) {
    unsigned char bytes[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

std::string Address::Endpoint() const {
    const bool v6 = host.find(':') != std::string::npos;
    return "tcp://" + (v6 ? "[" + host + "]" : host) + ":" + port;
}

std::optional<Address> ParseAddress(std::string_view text) {
    constexpr std::string_view kScheme = "tcp://";
    if (!text.starts_with(kScheme)) return std::nullopt;
    text.remove_prefix(kScheme.size());
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    Address address;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    address.host = host;
    address.port = text.substr(colon + 1);
    address.numeric = IsNumeric(address.host);
    const bool v6 = host.find(':') != std::string_view::npos;
    if (host.empty() || !IsPort(address.port) || v6 != bracketed || (v6 && !address.numeric) ||
        host.find_first_of("/ ;*") != std::string_view::npos) {
        return std::nullopt;
    }
    return address;
}

}  // namespace holdfast::worker
