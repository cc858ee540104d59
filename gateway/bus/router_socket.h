#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <zmq.hpp>

#include "gateway/bus/authenticator.h"
#include "gateway/bus/listener.h"
#include "gateway/bus/peer_monitor.h"
#include "gateway/bus/stream_guard.h"
#include "gateway/bus/worker_keys.h"
#include "gateway/core/peer.h"

namespace holdfast::gateway {

struct RouterSocketOptions {
    std::string address;
    std::uint16_t port = 0;
    std::uint32_t max_connections = 0;
    std::uint64_t max_message_bytes = 0;
    int send_hwm = 0;       ///< envelopes, for each peer
    int receive_hwm = 0;    ///< likewise
    int socket_buffer = 0;  ///< bytes, in each direction; the kernel takes twice as much
    CurveOptions curve;
};

/// The ROUTER that workers connect to, with its context, its listening socket and its monitor.
///
/// Thread: created by any, then used by the bus thread alone. Owner: BusThread. Nothing blocks but
/// the construction and Close.
class RouterSocket {
  public:
    /// Throws std::invalid_argument, std::system_error or zmq::error_t, each with a message for
    /// people.
    explicit RouterSocket(const RouterSocketOptions& options);
    ~RouterSocket();
    RouterSocket(const RouterSocket&) = delete;
    RouterSocket& operator=(const RouterSocket&) = delete;

    std::uint16_t port() const { return listener_.port(); }

    /// Readable when there may be input. It signals an edge, that Receive takes when it returns
    /// kNothing, and that Send may take: after that only HasInput knows.
    int poll_fd() const { return poll_fd_; }
    bool HasInput();

    enum class Receipt : std::uint8_t { kNothing, kEnvelope, kBadFrames };
    /// The next message, without waiting. `routing_id` and `envelope` stay valid until the next
    /// call. kBadFrames: it had not two frames; all of it is gone, and only `routing_id` is set.
    Receipt Receive(std::string_view& routing_id, std::string_view& envelope);

    /// Sends one message of `size` bytes, that `write(char*)` writes, or nothing at all. Never
    /// waits.
    template <typename Write>
    TransmitResult Send(std::string_view routing_id, std::size_t size, Write&& write) {
        zmq::message_t envelope(size);
        const TransmitResult result = SendRoutingId(routing_id);
        if (result != TransmitResult::kSent) return result;
        write(envelope.data<char>());
        SendEnvelope(envelope);
        return TransmitResult::kSent;
    }

    PeerMonitor& monitor() { return *monitor_; }
    /// Null where the leg is plain.
    Authenticator* authenticator() { return authenticator_.get(); }
    /// Null where the leg is encrypted: what passes there is not to be read, and comes from workers
    /// whose keys are known.
    StreamGuard* guard() { return guard_.get(); }
    /// Stops accepting while there are max_connections, and starts again when there are fewer.
    void ApplyConnectionLimit();

    /// What was sent may still leave for so long. Waits.
    void Close(std::chrono::milliseconds linger);

  private:
    TransmitResult SendRoutingId(std::string_view routing_id);
    void SendEnvelope(zmq::message_t& envelope);

    const std::size_t max_connections_;
    Listener listener_;
    std::unique_ptr<StreamGuard> guard_;  ///< outlives the context's threads
    zmq::context_t context_;
    std::unique_ptr<Authenticator> authenticator_;
    zmq::socket_t socket_;
    std::unique_ptr<PeerMonitor> monitor_;
    int poll_fd_ = -1;
    zmq::message_t routing_id_;
    zmq::message_t envelope_;
};

}  // namespace holdfast::gateway
