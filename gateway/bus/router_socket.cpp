#include "gateway/bus/router_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <random>

#include "gateway/bus/receive_frame.h"

namespace holdfast::gateway {
namespace {

constexpr int kIoThreads = 1;    ///< the one that accepts reads, too: socket_calls.h relies on it
constexpr int kMaxSockets = 16;  ///< the router, its monitor's two ends, ZAP, libzmq's own
constexpr int kMinBacklog = 16;
constexpr int kMaxBacklog = 128;
constexpr std::chrono::milliseconds kHandshakeTime(1000);

// The Dispatcher's pings decide who is alive. These only clean up after connections whose other end
// vanished without a word. TCP's own, because ZMTP's heartbeats end the process by an assertion
// when a connection fails while its pipe is full (libzmq issues 4364, 4767).
constexpr std::chrono::seconds kKeepAliveIdle(5);
constexpr std::chrono::seconds kKeepAliveInterval(2);
constexpr int kKeepAliveProbes = 3;
constexpr std::chrono::milliseconds kMostUnacknowledged(10'000);

int Count(std::chrono::milliseconds duration) {
    return static_cast<int>(duration.count());
}

/// libzmq never seeds rand(), from which a ROUTER takes its first routing id: two processes would
/// give out the same ones, and whoever guesses the next id can claim it first, which libzmq answers
/// with an assertion.
zmq::context_t SeededContext() {
    std::srand(std::random_device{}());
    return zmq::context_t(kIoThreads, kMaxSockets);
}

}  // namespace

RouterSocket::RouterSocket(const RouterSocketOptions& options)
    : max_connections_(options.max_connections),
      listener_(options.address, options.port,
                std::clamp(static_cast<int>(options.max_connections), kMinBacklog, kMaxBacklog),
                options.socket_buffer),
      context_(SeededContext()),
      socket_(context_, ZMQ_ROUTER) {
    socket_.set(zmq::sockopt::router_mandatory, true);
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.max_message_bytes));
    socket_.set(zmq::sockopt::handshake_ivl, Count(kHandshakeTime));
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndhwm, options.send_hwm);
    socket_.set(zmq::sockopt::rcvhwm, options.receive_hwm);
    socket_.set(zmq::sockopt::tcp_keepalive, 1);
    socket_.set(zmq::sockopt::tcp_keepalive_idle, static_cast<int>(kKeepAliveIdle.count()));
    socket_.set(zmq::sockopt::tcp_keepalive_intvl, static_cast<int>(kKeepAliveInterval.count()));
    socket_.set(zmq::sockopt::tcp_keepalive_cnt, kKeepAliveProbes);
    socket_.set(zmq::sockopt::tcp_maxrt, Count(kMostUnacknowledged));
    socket_.set(zmq::sockopt::ipv6, listener_.ipv6());
    if (options.curve.workers) {
        authenticator_ = std::make_unique<Authenticator>(context_, options.curve.workers);
        socket_.set(zmq::sockopt::curve_server, true);
        socket_.set(zmq::sockopt::curve_secretkey, options.curve.secret_key);
    }
    monitor_ = std::make_unique<PeerMonitor>(context_, socket_);
    const int lent = listener_.Duplicate();
    if (zmq_setsockopt(socket_.handle(), ZMQ_USE_FD, &lent, sizeof lent) != 0) {
        throw zmq::error_t();
    }
    if (!options.curve.workers) guard_ = std::make_unique<StreamGuard>(lent);
    socket_.bind(listener_.endpoint());
    poll_fd_ = socket_.get(zmq::sockopt::fd);
}

RouterSocket::~RouterSocket() {
    Close(std::chrono::milliseconds(0));
}

bool RouterSocket::HasInput() {
    return (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
}

RouterSocket::Receipt RouterSocket::Receive(std::string_view& routing_id,
                                            std::string_view& envelope) {
    // A message arrives whole: once its first frame is there, so are the others.
    if (!ReceiveFrame(socket_, routing_id_)) {
        envelope_.rebuild();  // a message of 350 bytes pins a receive buffer of 8 KiB
        return Receipt::kNothing;
    }
    routing_id = routing_id_.to_string_view();
    bool usable = routing_id_.more() && ReceiveFrame(socket_, envelope_);
    bool more = usable && envelope_.more();
    while (more) {
        usable = false;
        more = ReceiveFrame(socket_, envelope_) && envelope_.more();
    }
    if (!usable) {
        envelope_.rebuild();
        return Receipt::kBadFrames;
    }
    envelope = envelope_.to_string_view();
    return Receipt::kEnvelope;
}

TransmitResult RouterSocket::SendRoutingId(std::string_view routing_id) {
    while (zmq_send(socket_.handle(), routing_id.data(), routing_id.size(),
                    ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        const int error = zmq_errno();
        if (error == EAGAIN) return TransmitResult::kFull;
        if (error != EINTR) return TransmitResult::kUnreachable;
    }
    return TransmitResult::kSent;
}

void RouterSocket::SendEnvelope(zmq::message_t& envelope) {
    // The first frame was accepted, so libzmq takes the second or, if the connection went away in
    // between, drops it; it never refuses it.
    while (zmq_msg_send(envelope.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0 &&
           zmq_errno() == EINTR) {
    }
}

void RouterSocket::ApplyConnectionLimit() {
    if (monitor_->connections() < max_connections_) {
        listener_.Resume();
    } else {
        listener_.Pause();
    }
}

void RouterSocket::Close(std::chrono::milliseconds linger) {
    if (!socket_) return;
    monitor_->Stop(socket_);
    if (guard_) guard_->Release();
    socket_.set(zmq::sockopt::linger, Count(linger));
    socket_.close();
    if (authenticator_) authenticator_->Close();
    context_.close();
}

}  // namespace holdfast::gateway
