#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/http/http_client.h"

// ZMTP by hand (https://rfc.zeromq.org/spec/23/), for what no ZeroMQ library would send.
namespace holdfast::test {

/// What a plain peer of version 3.0 says first, with a mechanism's name.
std::string ZmtpGreeting(std::string_view mechanism = "NULL");

/// READY with a socket type and, unless it is empty, an identity.
std::string ZmtpReady(std::string_view socket_type, std::string_view identity = {});

/// A frame; `more` says that its message goes on.
std::string ZmtpFrame(std::string_view content, bool more = false);

/// A command such as PING, with what follows its name.
std::string ZmtpCommand(std::string_view name, std::string_view data = {});

/// The head of a frame that claims to be so large.
std::string ZmtpFrameHead(std::uint64_t size, bool more = false);

/// A connection to the worker port that has shaken hands. libzmq takes no frame before it has said
/// READY itself.
HttpClient ZmtpPeer(std::uint16_t port, std::string_view identity = {});

}  // namespace holdfast::test
