#include "gateway/bus/peer_monitor.h"

#include <cstdint>
#include <cstring>

#include "gateway/bus/receive_frame.h"

namespace holdfast::gateway {
namespace {

constexpr const char* kEndpoint = "inproc://holdfast-bus-monitor";
constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

}  // namespace

PeerMonitor::PeerMonitor(zmq::context_t& context, zmq::socket_t& router) {
    if (zmq_socket_monitor(router.handle(), kEndpoint, kEvents) != 0) throw zmq::error_t();
    events_ = zmq::socket_t(context, ZMQ_PAIR);
    events_.set(zmq::sockopt::linger, 0);
    events_.connect(kEndpoint);
    poll_fd_ = events_.get(zmq::sockopt::fd);
}

PeerMonitor::Changes PeerMonitor::Take() {
    Changes changes;
    zmq::message_t frame;
    while (ReceiveFrame(events_, frame)) {
        // Frame 1: | event u16 | value u32 |, frame 2: the endpoint.
        std::uint16_t event = 0;
        std::int32_t value = 0;
        if (frame.size() >= sizeof event + sizeof value) {
            std::memcpy(&event, frame.data<char>(), sizeof event);
            std::memcpy(&value, frame.data<char>() + sizeof event, sizeof value);
        }
        while (frame.more() && ReceiveFrame(events_, frame)) {
        }
        switch (event) {
            case ZMQ_EVENT_ACCEPTED:
                connections_.insert(value);
                ++changes.accepted;
                break;
            case ZMQ_EVENT_DISCONNECTED:
                connections_.erase(value);
                ++changes.disconnected;
                break;
            default:
                ++changes.handshakes_failed;
                break;
        }
    }
    return changes;
}

void PeerMonitor::Stop(zmq::socket_t& router) {
    Take();
    zmq_socket_monitor(router.handle(), nullptr, 0);
    events_.close();
}

}  // namespace holdfast::gateway
