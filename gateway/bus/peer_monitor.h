#pragma once

#include <cstddef>
#include <unordered_set>

#include <zmq.hpp>

namespace holdfast::gateway {

/// What the ROUTER's own monitor says of its connections: how many there are, and that one has
/// gone. It does not say whose it was.
///
/// Thread: created by any, then the bus thread. Owner: RouterSocket. Nothing blocks.
class PeerMonitor {
  public:
    PeerMonitor(zmq::context_t& context, zmq::socket_t& router);

    /// Readable when Take has something to tell.
    int poll_fd() const { return poll_fd_; }

    struct Changes {
        std::size_t accepted = 0;
        std::size_t disconnected = 0;
        std::size_t handshakes_failed = 0;
    };
    /// All that was reported since the last call.
    Changes Take();

    std::size_t connections() const { return connections_.size(); }

    /// Before the router is closed: its I/O thread waits for a full monitor.
    void Stop(zmq::socket_t& router);

  private:
    zmq::socket_t events_;
    int poll_fd_ = -1;
    std::unordered_set<int> connections_;  ///< by descriptor: a reused one cannot be counted twice
};

}  // namespace holdfast::gateway
