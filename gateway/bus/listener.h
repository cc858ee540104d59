#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::gateway {

/// The listening TCP socket of the bus. It is made here and lent to libzmq (ZMQ_USE_FD), because
/// libzmq can neither cap its peers nor stop accepting: zmq_unbind closes every connection that
/// came through the endpoint. While paused, the kernel drops each SYN, so that clients wait in
/// their own kernels and those who are connected notice nothing.
///
/// Thread: created by any, then the bus thread. Owner: RouterSocket. Nothing blocks.
class Listener {
  public:
    /// `address` is a numeric IPv4 or IPv6 address; port 0 takes any free one. Throws
    /// std::invalid_argument or std::system_error, each naming the address.
    Listener(const std::string& address, std::uint16_t port, int backlog, int buffer_bytes);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    std::uint16_t port() const { return port_; }
    bool ipv6() const { return ipv6_; }
    /// "tcp://127.0.0.1:5570", with the port that it got.
    const std::string& endpoint() const { return endpoint_; }
    /// A descriptor of the same socket, for libzmq to own.
    int Duplicate() const;

    void Pause();
    void Resume();
    bool paused() const { return paused_; }

  private:
    int fd_ = -1;
    std::uint16_t port_ = 0;
    bool ipv6_ = false;
    bool paused_ = false;
    std::string endpoint_;
};

}  // namespace holdfast::gateway
