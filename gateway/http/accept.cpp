#include "gateway/http/accept.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::gateway::http {
namespace {

constexpr unsigned kAcceptsPerTurn = 64;
constexpr auto kRest = std::chrono::milliseconds(100);

[[noreturn]] void Fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

struct Address {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool Parse(const std::string& text, std::uint16_t port, Address& into) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&into.storage, &v4, sizeof v4);
        into.size = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&into.storage, &v6, sizeof v6);
        into.size = sizeof v6;
        return true;
    }
    return false;
}

std::string TextOf(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address.storage, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    } else {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address.storage, sizeof v6);
        inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return text.data();
}

}  // namespace

int OpenListener(const ServerOptions& options) {
    Address where;
    if (!Parse(options.address, options.port, where)) {
        errno = EINVAL;
        Fail("listen address '" + options.address + "' is not an IP address");
    }
    const std::string name =
        "listen on " + options.address + " port " + std::to_string(options.port);
    const int listener =
        ::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) Fail(name);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Accepted sockets inherit them. Without them the kernel lets the buffers grow up to
    // net.ipv4.tcp_wmem[2] and tcp_rmem[2] for a client that does not read, or goes on sending.
    const auto send_buffer = static_cast<int>(options.send_buffer);
    const auto receive_buffer = static_cast<int>(options.receive_buffer);
    ::setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    ::setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (::bind(listener, where.get(), where.size) != 0 ||
        ::listen(listener, static_cast<int>(options.backlog)) != 0) {
        const int error = errno;
        ::close(listener);
        errno = error;
        Fail(name);
    }
    return listener;
}

std::uint16_t PortOf(int listener) {
    Address address;
    if (::getsockname(listener, address.get(), &address.size) != 0) Fail("getsockname");
    // sin_port and sin6_port are in the same place.
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    return ntohs(v4.sin_port);
}

Acceptor::Acceptor(boost::asio::io_context& io, int listener, Deal deal, Observer& observer)
    : listener_(io, listener), rest_(io), deal_(std::move(deal)), observer_(observer) {
    Wait();
}

void Acceptor::Wait() {
    listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](boost::system::error_code error) {
                             if (error) return;
                             if (AcceptSome()) {
                                 Wait();
                             } else {
                                 Rest();
                             }
                         });
}

void Acceptor::Rest() {
    rest_.expires_after(kRest);
    rest_.async_wait([this](boost::system::error_code error) {
        if (!error) Wait();
    });
}

bool Acceptor::AcceptSome() {
    bool more = true;
    for (unsigned i = 0; more && i < kAcceptsPerTurn; ++i) {
        if (!AcceptOne(more)) return false;
    }
    return true;
}

bool Acceptor::AcceptOne(bool& more) {
    Address peer;
    const int descriptor =
        ::accept4(listener_.native_handle(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        deal_(descriptor, TextOf(peer));
        return true;
    }
    switch (errno) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            observer_.OnAcceptFailure(errno);
            more = false;
            return false;
        case EAGAIN:
        case EBADF:
            more = false;
            return true;
        default:
            return true;  // that connection is gone already (accept(2))
    }
}

void Acceptor::Finish() {
    if (!listener_.is_open()) return;
    bool more = true;
    while (more && AcceptOne(more)) {
    }
    Close();
}

void Acceptor::Close() {
    boost::system::error_code ignored;
    rest_.cancel();
    listener_.close(ignored);
}

}  // namespace holdfast::gateway::http
