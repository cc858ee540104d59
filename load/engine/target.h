#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "load/engine/engine.h"

namespace holdfast::load {

/// A target's URL, taken apart.
struct Endpoint {
    bool tls = false;
    std::string host;    ///< a name or a number; an IPv6 number without its brackets
    std::string port;    ///< digits
    std::string prefix;  ///< what goes in front of every path: "" or "/..." without a last slash
    std::string host_header;  ///< as in the URL, a default port left out

    std::string Text() const { return (tls ? "https://" : "http://") + host_header; }
};

/// Throws TargetError.
Endpoint ParseUrl(const std::string& url);

/// Where to connect to.
struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    std::string text;  ///< number and port
};

/// All addresses of a name, IPv6 too, in the order in which the system would try them. Blocks.
/// Throws TargetError.
std::vector<Address> Resolve(const Endpoint& endpoint);

}  // namespace holdfast::load
