#pragma once

#include <string>

namespace holdfast::test {

/// The first bytes of a handshake: a whole ClientHello record, as OpenSSL makes it.
std::string ClientHello();

}  // namespace holdfast::test
