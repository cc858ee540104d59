#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <zmq.hpp>

#include "worker/runtime/curve_keys.h"

namespace holdfast::worker {

/// The largest envelope that is taken from a gateway; libzmq ends the connection at a larger one.
/// What a gateway's routes allow is less (kMaxRequestEnvelope in gateway/config).
inline constexpr std::int64_t kMaxEnvelopeBytes = std::int64_t{65} << 20U;

/// One DEALER to one gateway address, with what it needs to notice that the connection was closed.
/// Always DONTWAIT. After a send its events may have changed without its descriptor saying so: ask
/// Events() before sleeping on fd().
/// Thread and owner: the loop.
class GatewaySocket {
  public:
    /// `keys` null: the leg is plain.
    GatewaySocket(zmq::context_t& context, const std::string& endpoint, const CurveKeys* keys);

    int fd() const;
    short Events() const;  ///< ZMQ_POLLIN | ZMQ_POLLOUT

    enum class Received : std::uint8_t { kNothing, kEnvelope, kBadFrames };
    /// The next message; more than one frame, or an empty one, are bad.
    Received Receive(zmq::message_t& into);
    /// False when nothing was sent: no connection, or its pipe is full.
    bool Send(zmq::message_t& message);
    /// What happened to the connection since this was asked last.
    struct Changes {
        bool disconnected = false;
        /// The handshake failed: this worker's key is not known there, or one side is encrypted
        /// and the other is not.
        bool refused = false;
    };
    Changes TakeChanges();
    /// What was sent may still leave for so long after the socket is closed.
    void LingerAtClose(int milliseconds);

  private:
    const int refusals_;  ///< events that mean a refused handshake
    zmq::socket_t socket_;
    zmq::socket_t monitor_;
};

}  // namespace holdfast::worker
