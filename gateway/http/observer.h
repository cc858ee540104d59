#pragma once

#include <string_view>

#include "gateway/core/records.h"

namespace holdfast::gateway::http {

/// What the data port tells its owner. Called on the loops' threads; must not block.
class Observer {
  public:
    /// Only with ServerOptions::access_log.
    virtual void OnAccess(const AccessRecord& /*record*/) {}
    virtual void OnFailure(const FailureRecord& /*record*/) {}
    /// accept() failed with this errno; the listener rests for a moment.
    virtual void OnAcceptFailure(int /*error*/) {}
    /// A TLS handshake failed. `client` is its address.
    virtual void OnHandshakeFailure(std::string_view /*client*/, std::string_view /*reason*/) {}
    /// A connection was closed because handling it threw (out of memory).
    virtual void OnException(std::string_view /*what*/) {}

  protected:
    ~Observer() = default;
};

}  // namespace holdfast::gateway::http
