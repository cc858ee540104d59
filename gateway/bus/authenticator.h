#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <zmq.hpp>

#include "gateway/bus/worker_keys.h"
#include "gateway/core/mutex.h"

namespace holdfast::gateway {

/// The context's ZAP handler (RFC 27): libzmq asks it about each peer whose CURVE handshake
/// succeeded, and lets in who is among the worker keys. Without a handler every key would do.
///
/// Thread: created by any, then the bus thread's; SetKeys is any thread's. Owner: RouterSocket.
/// Must exist before the socket that it guards is bound. Nothing blocks but a short lock.
class Authenticator {
  public:
    Authenticator(zmq::context_t& context, std::shared_ptr<const WorkerKeys> keys);

    /// Readable, by edge, when libzmq asks.
    int poll_fd() const { return poll_fd_; }

    /// Answers all that was asked; how many were turned away.
    std::size_t Answer();

    /// From now on; who is connected stays.
    void SetKeys(std::shared_ptr<const WorkerKeys> keys);

    void Close() { handler_.close(); }

  private:
    std::shared_ptr<const WorkerKeys> Keys() const;

    zmq::socket_t handler_;
    int poll_fd_ = -1;
    mutable Mutex mutex_;
    std::shared_ptr<const WorkerKeys> keys_ HOLDFAST_GUARDED_BY(mutex_);
};

}  // namespace holdfast::gateway
