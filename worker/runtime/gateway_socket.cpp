#include "worker/runtime/gateway_socket.h"

#include <atomic>
#include <cstring>

namespace holdfast::worker {
namespace {

constexpr int kBufferBytes = 256 << 10;
constexpr int kHighWaterMark = 64;
constexpr int kRefusals = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
/// A gateway closes without a word when its key is another one. On a plain leg that is only one
/// that ends.
constexpr int kCurveRefusals = kRefusals | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

std::string MonitorEndpoint() {
    static std::atomic<std::uint64_t> next{0};
    return "inproc://monitor-" + std::to_string(next.fetch_add(1));
}

}  // namespace

GatewaySocket::GatewaySocket(zmq::context_t& context, const std::string& endpoint,
                             const CurveKeys* keys)
    : refusals_(keys != nullptr ? kCurveRefusals : kRefusals),
      socket_(context, zmq::socket_type::dealer),
      monitor_(context, zmq::socket_type::pair) {
    namespace option = zmq::sockopt;
    socket_.set(option::immediate, true);
    socket_.set(option::probe_router, true);
    socket_.set(option::reconnect_ivl, 100);
    socket_.set(option::reconnect_ivl_max, 1000);
    socket_.set(option::connect_timeout, 2000);
    socket_.set(option::handshake_ivl, 2000);
    socket_.set(option::linger, 0);
    socket_.set(option::maxmsgsize, kMaxEnvelopeBytes);
    // No ZMTP heartbeats: they end this process or the gateway's by an assertion when a connection
    // fails while its pipe is full (libzmq issues 4364, 4767). The loop connects anew by itself
    // when it hears nothing.
    // Nets behind the credits.
    socket_.set(option::sndhwm, kHighWaterMark);
    socket_.set(option::rcvhwm, kHighWaterMark);
    socket_.set(option::sndbuf, kBufferBytes);
    socket_.set(option::rcvbuf, kBufferBytes);
    if (keys != nullptr) {
        socket_.set(option::curve_serverkey, keys->gateway);
        socket_.set(option::curve_publickey, keys->own_public);
        socket_.set(option::curve_secretkey, keys->own_secret);
    }
    if (endpoint.find('[') != std::string::npos) socket_.set(option::ipv6, true);

    const std::string monitor = MonitorEndpoint();
    if (zmq_socket_monitor(socket_.handle(), monitor.c_str(), ZMQ_EVENT_DISCONNECTED | refusals_) !=
        0) {
        throw zmq::error_t();
    }
    monitor_.set(option::linger, 0);
    monitor_.connect(monitor);
    socket_.connect(endpoint);
}

int GatewaySocket::fd() const {
    return socket_.get(zmq::sockopt::fd);
}

short GatewaySocket::Events() const {
    return static_cast<short>(socket_.get(zmq::sockopt::events));
}

GatewaySocket::Received GatewaySocket::Receive(zmq::message_t& into) {
    if (!socket_.recv(into, zmq::recv_flags::dontwait)) return Received::kNothing;
    bool bad = into.size() == 0;
    while (into.more()) {
        bad = true;
        // The frames of one message arrive together.
        if (!socket_.recv(into, zmq::recv_flags::dontwait)) break;
    }
    return bad ? Received::kBadFrames : Received::kEnvelope;
}

bool GatewaySocket::Send(zmq::message_t& message) {
    return socket_.send(message, zmq::send_flags::dontwait).has_value();
}

GatewaySocket::Changes GatewaySocket::TakeChanges() {
    Changes changes;
    zmq::message_t frame;
    while (monitor_.recv(frame, zmq::recv_flags::dontwait)) {
        std::uint16_t event = 0;
        if (frame.size() >= sizeof event) std::memcpy(&event, frame.data(), sizeof event);
        if (event == ZMQ_EVENT_DISCONNECTED) changes.disconnected = true;
        if ((event & refusals_) != 0) changes.refused = true;
        while (frame.more() && monitor_.recv(frame, zmq::recv_flags::dontwait)) {
        }
    }
    return changes;
}

void GatewaySocket::LingerAtClose(int milliseconds) {
    socket_.set(zmq::sockopt::linger, milliseconds);
}

}  // namespace holdfast::worker
