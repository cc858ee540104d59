#include "gateway/ops/other_site.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

#include "gateway/ops/endpoints.h"

namespace holdfast::gateway::ops {
namespace {

/// Without a port, and without the brackets of an IPv6 address.
std::string_view HostOnly(std::string_view authority) {
    if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
    return authority.substr(0, authority.find(':'));
}

/// Nobody else's name can be either.
bool IsLocalhostOrAddress(std::string_view authority) {
    const std::string host(HostOnly(authority));
    in6_addr address{};  // room for either
    return host == "localhost" || ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

bool FromAnotherSite(const Asked& asked) {
    // Programs other than browsers may leave the Host out.
    if (asked.on_loopback && !asked.host.empty() && !IsLocalhostOrAddress(asked.host)) return true;
    if (asked.method == "GET" || asked.method == "HEAD" || asked.origin.empty()) return false;
    const std::size_t scheme = asked.origin.find("://");
    return scheme == std::string_view::npos || asked.origin.substr(scheme + 3) != asked.host ||
           !IsLocalhostOrAddress(asked.host);
}

}  // namespace holdfast::gateway::ops
