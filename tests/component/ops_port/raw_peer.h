#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace holdfast {

/// A client's socket to a port on loopback, for bytes that no HTTP library would send.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
        const timeval patience{20, 0};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    RawClient(RawClient&& other) noexcept : fd_(other.fd_), connected_(other.connected_) {
        other.fd_ = -1;
    }
    ~RawClient() {
        if (fd_ >= 0) close(fd_);
    }

    bool connected() const { return connected_; }
    void Send(std::string_view bytes) const { send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    /// Everything until the server closes.
    std::string ReadAll() const {
        std::string all;
        char chunk[4096];
        for (ssize_t got; (got = recv(fd_, chunk, sizeof chunk, 0)) > 0;) {
            all.append(chunk, static_cast<std::size_t>(got));
        }
        return all;
    }

  private:
    int fd_;
    bool connected_ = false;
};

/// Something on a port that is not an ops port: `serve` gets each connection, on one thread.
class RawServer {
  public:
    explicit RawServer(std::function<void(int fd, const std::atomic<bool>& stop)> serve)
        : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof at;
        bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
        listen(listener_, 16);
        getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &length);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this, serve = std::move(serve)] {
            while (!stop_) {
                pollfd wait{listener_, POLLIN, 0};
                if (poll(&wait, 1, 20) <= 0) continue;
                const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
                if (fd < 0) continue;
                serve(fd, stop_);
                close(fd);
            }
        });
    }
    ~RawServer() {
        stop_ = true;
        thread_.join();
        close(listener_);
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::uint16_t port() const { return port_; }

  private:
    const int listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace holdfast
