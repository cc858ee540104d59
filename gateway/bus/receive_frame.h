#pragma once

#include <cerrno>

#include <zmq.hpp>

namespace holdfast::gateway {

/// One frame if there is one, without waiting.
inline bool ReceiveFrame(zmq::socket_t& socket, zmq::message_t& frame) {
    while (zmq_msg_recv(frame.handle(), socket.handle(), ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EAGAIN) return false;
        if (zmq_errno() != EINTR) throw zmq::error_t();
    }
    return true;
}

}  // namespace holdfast::gateway
