#pragma once

#include <memory>
#include <string>

#include "load/engine/engine.h"
#include "load/engine/target.h"

// OpenSSL's own types, so that its headers stay in two files.
extern "C" {
struct ssl_ctx_st;
struct ssl_st;
}

namespace holdfast::load {

struct TlsSessionDeleter {
    void operator()(ssl_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_st, TlsSessionDeleter>;

/// What all https connections of a process share: whom they trust, and which name the certificate
/// must have. TLS 1.2 or newer, HTTP/1.1 by ALPN.
///
/// Thread: the engine's. SIGPIPE is ignored from its construction on: OpenSSL writes to sockets
/// with write().
class TlsContext {
  public:
    /// Throws TargetError: a CA file that cannot be read.
    TlsContext(const Target& target, const Endpoint& endpoint);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// A client's session on a connected descriptor, which the caller keeps.
    TlsSession Begin(int descriptor) const;

    /// Why the handshake of this session failed, and what to do. Empties OpenSSL's error queue.
    std::string WhyFailed(const ssl_st* session) const;

  private:
    std::string host_;
    bool is_number_ = false;
    std::string names_;  ///< of the certificate that was refused last
    ssl_ctx_st* context_ = nullptr;
};

}  // namespace holdfast::load
