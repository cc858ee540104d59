#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::worker {

/// A gateway's address as it was configured: tcp://HOST:PORT.
struct Address {
    std::string host;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
    std::string port;
    bool numeric = false;

    /// As libzmq takes it; only of a numeric one.
    std::string Endpoint() const;
};

/// Nothing when `text` is not such an address.
std::optional<Address> ParseAddress(std::string_view text);

}  // namespace holdfast::worker
