#include "gateway/ops/other_site.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <string>

#include "gateway/ops/endpoints.h"

namespace holdfast::gateway::ops {
namespace {

using Address = std::array<unsigned char, sizeof(in6_addr)>;

bool Parse(int family, std::string_view text, Address& address) {
    return ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

/// Without a port, and without the brackets of an IPv6 address.
std::string_view HostOnly(std::string_view authority) {
    if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
    return authority.substr(0, authority.find(':'));
}

/// Nobody else's name can be either.
bool IsLocalhostOrAddress(std::string_view authority) {
    const std::string_view host = HostOnly(authority);
    Address address{};
    return host == "localhost" || Parse(AF_INET, host, address) || Parse(AF_INET6, host, address);
}

}  // namespace

bool IsLoopback(std::string_view address) {
    Address bytes{};
    if (Parse(AF_INET, address, bytes)) return bytes[0] == 127;
    constexpr Address kOwn{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return Parse(AF_INET6, address, bytes) && bytes == kOwn;
}

bool FromAnotherSite(const Asked& asked) {
    // Programs other than browsers may leave the Host out.
    if (asked.on_loopback && !asked.host.empty() && !IsLocalhostOrAddress(asked.host)) return true;
    if (asked.method == "GET" || asked.method == "HEAD" || asked.origin.empty()) return false;
    const std::size_t scheme = asked.origin.find("://");
    return scheme == std::string_view::npos || asked.origin.substr(scheme + 3) != asked.host ||
           !IsLocalhostOrAddress(asked.host);
}

}  // namespace holdfast::gateway::ops
