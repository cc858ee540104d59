#include "gateway/ops/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace holdfast::gateway::ops {
namespace {

constexpr int kBacklog = 128;
/// How long to leave the listener alone when a descriptor for the connection cannot be had.
constexpr int kAcceptPauseMs = 50;

std::system_error Failure(int error, const std::string& address, std::uint16_t port,
                          const std::string& what) {
    return {error, std::generic_category(),
            "ops port " + address + ":" + std::to_string(port) + ": " + what};
}

struct BoundSocket {
    Descriptor descriptor;
    std::uint16_t port = 0;
};

BoundSocket Bind(const std::string& address, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (error != 0) throw Failure(EINVAL, address, port, "not an address in figures");
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> info(found, &freeaddrinfo);

    Descriptor socket(::socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) throw Failure(errno, address, port, "cannot make a socket");
    const int on = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(socket.get(), info->ai_addr, info->ai_addrlen) != 0) {
        throw Failure(errno, address, port, "cannot bind");
    }
    // Listening is part of taking the port: two sockets with SO_REUSEADDR may both be bound to it.
    if (listen(socket.get(), kBacklog) != 0) {
        throw Failure(errno, address, port, "cannot listen");
    }
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    auto* generic = reinterpret_cast<sockaddr*>(&bound);
    if (getsockname(socket.get(), generic, &length) != 0) {
        throw Failure(errno, address, port, "cannot read the bound port");
    }
    const in_port_t network_port = bound.ss_family == AF_INET6
                                       ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                       : reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
    return {std::move(socket), ntohs(network_port)};
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) close(fd_);
}

Acceptor::Acceptor(const std::string& address, std::uint16_t port, std::size_t max_queued,
                   Serve serve)
    : address_(address), max_queued_(max_queued), serve_(std::move(serve)) {
    BoundSocket bound = Bind(address, port);
    listener_ = std::move(bound.descriptor);
    port_ = bound.port;
    stop_event_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (stop_event_.get() < 0) throw Failure(errno, address, port, "cannot make an eventfd");
}

Acceptor::~Acceptor() {
    Stop();
}

void Acceptor::Start(std::size_t threads) {
    try {
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { ServeLoop(); });
        threads_.emplace_back([this] { AcceptLoop(); });
    } catch (const std::system_error& error) {
        Stop();
        throw Failure(error.code().value(), address_, port_, "cannot start a thread");
    }
}

void Acceptor::Stop() {
    if (stopping_.exchange(true, std::memory_order_acq_rel)) return;
    // An eventfd's counter takes this whatever it holds; nobody ever reads it, so it stays
    // readable.
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stop_event_.get(), &one, sizeof one);
    {
        // Under the mutex, so that no thread can miss it between its look and its wait.
        MutexLock lock(mutex_);
        queue_.clear();
    }
    changed_.NotifyAll();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    listener_ = Descriptor();
    MutexLock lock(mutex_);
    queue_.clear();
}

void Acceptor::AcceptLoop() {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {stop_event_.get(), POLLIN, 0}};
    while (!stopping()) {
        if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
        if (stopping()) return;
        Descriptor connection(
            accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (connection.get() < 0) {
            const bool nothing_there = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
            if (!nothing_there) poll(&waits[1], 1, kAcceptPauseMs);
            continue;
        }
        MutexLock lock(mutex_);
        if (queue_.size() >= max_queued_) {
            refused_.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        queue_.push_back(std::move(connection));
        changed_.NotifyAll();
    }
}

void Acceptor::ServeLoop() {
    for (;;) {
        Descriptor connection;
        {
            MutexLock lock(mutex_);
            while (queue_.empty() && !stopping()) changed_.WaitFor(mutex_, std::chrono::seconds(1));
            if (stopping()) return;
            connection = std::move(queue_.front());
            queue_.pop_front();
        }
        serve_(std::move(connection));
    }
}

}  // namespace holdfast::gateway::ops
