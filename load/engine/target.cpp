#include "load/engine/target.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace holdfast::load {
namespace {

[[noreturn]] void Refuse(const std::string& url, const std::string& why) {
    throw TargetError(url + ": " + why + "; a target is http://HOST:PORT or https://HOST:PORT");
}

bool IsPort(std::string_view text) {
    if (text.empty() || text.size() > 5) return false;
    unsigned port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    return port > 0 && port < 65536;
}

std::string AddressText(const sockaddr* address, socklen_t size) {
    std::string host(NI_MAXHOST, '\0');
    std::string port(NI_MAXSERV, '\0');
    if (::getnameinfo(address, size, host.data(), NI_MAXHOST, port.data(), NI_MAXSERV,
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "?";
    }
    host.resize(std::strlen(host.c_str()));
    port.resize(std::strlen(port.c_str()));
    if (address->sa_family == AF_INET6) host = "[" + host + "]";
    return host + ":" + port;
}

}  // namespace

Endpoint ParseUrl(const std::string& url) {
    Endpoint endpoint;
    std::string_view rest = url;
    if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
        endpoint.tls = true;
    } else {
        Refuse(url, "neither http:// nor https://");
    }
    if (rest.find_first_of("?# \t\r\n") != std::string_view::npos) {
        Refuse(url, "a query, a fragment or white space has no place here");
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view authority = rest.substr(0, slash);
    std::string_view prefix = rest.substr(slash);
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    endpoint.prefix = prefix;
    if (authority.find('@') != std::string_view::npos) {
        Refuse(url, "a user name or password has no place here: give it in a step's headers");
    }

    std::string_view port;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) Refuse(url, "no ] behind the IPv6 address");
        endpoint.host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
    } else {
        const std::size_t colon = std::min(authority.find(':'), authority.size());
        endpoint.host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    if (endpoint.host.empty()) Refuse(url, "no host");
    const std::string_view standard = endpoint.tls ? "443" : "80";
    if (port.empty()) {
        endpoint.port = standard;
    } else if (port.front() == ':' && IsPort(port.substr(1))) {
        endpoint.port = port.substr(1);
    } else {
        Refuse(url, "no port from 1 to 65535 behind the host");
    }
    endpoint.host_header = authority.substr(0, authority.size() - port.size());
    if (endpoint.port != standard) endpoint.host_header += ":" + endpoint.port;
    return endpoint;
}

std::vector<Address> Resolve(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
    if (error != 0) {
        throw TargetError(endpoint.Text() + ": no address for " + endpoint.host + " (" +
                          ::gai_strerror(error) + "): is the name right?");
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    std::vector<Address> addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        Address address;
        std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
        address.size = each->ai_addrlen;
        address.text = AddressText(each->ai_addr, each->ai_addrlen);
        addresses.push_back(std::move(address));
    }
    return addresses;
}

}  // namespace holdfast::load
