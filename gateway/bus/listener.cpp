#include "gateway/bus/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace holdfast::gateway {
namespace {

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

std::system_error Failure(const std::string& endpoint) {
    return {errno, std::generic_category(), "cannot listen for workers on " + endpoint};
}

void Set(int fd, int level, int option, int value, const std::string& endpoint) {
    if (setsockopt(fd, level, option, &value, sizeof value) != 0) throw Failure(endpoint);
}

}  // namespace

Listener::Listener(const std::string& address, std::uint16_t port, int backlog, int buffer_bytes) {
    Address bound{};
    socklen_t size = sizeof bound.v4;
    if (inet_pton(AF_INET, address.c_str(), &bound.v4.sin_addr) == 1) {
        bound.v4.sin_family = AF_INET;
        bound.v4.sin_port = htons(port);
        endpoint_ = "tcp://" + address + ":";
    } else if (inet_pton(AF_INET6, address.c_str(), &bound.v6.sin6_addr) == 1) {
        ipv6_ = true;
        bound.v6.sin6_family = AF_INET6;
        bound.v6.sin6_port = htons(port);
        size = sizeof bound.v6;
        endpoint_ = "tcp://[" + address + "]:";
    } else {
        throw std::invalid_argument("cannot listen for workers on '" + address +
                                    "': it is not an IPv4 or IPv6 address, such as 127.0.0.1");
    }
    const std::string wanted = endpoint_ + std::to_string(port);
    fd_ = socket(bound.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw Failure(wanted);
    try {
        Set(fd_, SOL_SOCKET, SO_REUSEADDR, 1, wanted);
        if (ipv6_) Set(fd_, IPPROTO_IPV6, IPV6_V6ONLY, 0, wanted);
        // Accepted connections inherit these; libzmq sets them only on sockets that it makes
        // itself.
        Set(fd_, SOL_SOCKET, SO_SNDBUF, buffer_bytes, wanted);
        Set(fd_, SOL_SOCKET, SO_RCVBUF, buffer_bytes, wanted);
        if (bind(fd_, &bound.any, size) != 0 || listen(fd_, backlog) != 0 ||
            getsockname(fd_, &bound.any, &size) != 0) {
            throw Failure(wanted);
        }
    } catch (...) {
        close(fd_);
        throw;
    }
    port_ = ntohs(ipv6_ ? bound.v6.sin6_port : bound.v4.sin_port);
    endpoint_ += std::to_string(port_);
}

Listener::~Listener() {
    close(fd_);
}

int Listener::Duplicate() const {
    const int copy = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw Failure(endpoint_);
    return copy;
}

void Listener::Pause() {
    if (paused_) return;
    sock_filter drop_all[] = {{BPF_RET | BPF_K, 0, 0, 0}};
    const sock_fprog program{1, drop_all};
    paused_ = setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

void Listener::Resume() {
    if (!paused_) return;
    const int unused = 0;
    paused_ = setsockopt(fd_, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) != 0;
}

}  // namespace holdfast::gateway
