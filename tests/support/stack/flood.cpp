#include "tests/support/stack/flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace holdfast::testing {
namespace {

constexpr std::size_t kAhead = 64;

int Connect(std::uint16_t port) {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connection < 0 ||
        connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect");
    }
    return connection;
}

void SendAll(int connection, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t some =
            send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (some <= 0) throw std::system_error(errno, std::generic_category(), "send");
        sent += static_cast<std::size_t>(some);
    }
}

int StatusOf(const std::string& answer) {
    int status = -1;
    if (answer.size() >= 12) std::from_chars(answer.data() + 9, answer.data() + 12, status);
    return status;
}

}  // namespace

int TakeAnswer(std::string& buffer) {
    const std::size_t head = buffer.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const std::string marker = "Content-Length: ";
    const std::size_t length_at = buffer.find(marker);
    std::size_t length = 0;
    if (length_at < head) {
        std::from_chars(buffer.data() + length_at + marker.size(), buffer.data() + head, length);
    }
    if (buffer.size() < head + 4 + length) return 0;
    const int status = StatusOf(buffer);
    buffer.erase(0, head + 4 + length);
    return status;
}

std::string PostBytes(const std::string& path, const std::string& body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::map<int, std::size_t> Pipeline(std::uint16_t port, const std::string& request,
                                    std::size_t total) {
    const int connection = Connect(port);
    std::map<int, std::size_t> statuses;
    std::string buffer;
    std::size_t sent = 0;
    for (std::size_t answered = 0; answered < total;) {
        std::string batch;
        while (sent < total && sent - answered < kAhead) {
            batch += request;
            ++sent;
        }
        SendAll(connection, batch);
        char chunk[65536];
        const ssize_t got = recv(connection, chunk, sizeof chunk, 0);
        if (got <= 0) {
            close(connection);
            throw std::runtime_error("the connection was closed after " + std::to_string(answered));
        }
        buffer.append(chunk, static_cast<std::size_t>(got));
        while (const int status = TakeAnswer(buffer)) {
            ++statuses[status];
            ++answered;
        }
    }
    close(connection);
    return statuses;
}

HeldConnections::HeldConnections(std::uint16_t port, const std::string& request,
                                 std::size_t count) {
    sockets_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        sockets_.push_back(Connect(port));
        SendAll(sockets_.back(), request);
    }
}

HeldConnections::~HeldConnections() {
    for (const int connection : sockets_) close(connection);
}

std::map<int, std::size_t> HeldConnections::Statuses(int patience_ms) {
    std::map<int, std::size_t> statuses;
    for (const int connection : sockets_) {
        pollfd wait{connection, POLLIN, 0};
        if (poll(&wait, 1, patience_ms) <= 0) {
            ++statuses[0];
            continue;
        }
        char chunk[4096];
        const ssize_t got = recv(connection, chunk, sizeof chunk, 0);
        ++statuses[got <= 0 ? -1 : StatusOf(std::string(chunk, static_cast<std::size_t>(got)))];
    }
    return statuses;
}

}  // namespace holdfast::testing
