#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/core/clock.h"

namespace holdfast::gateway::http {

class TlsContext;

/// What to do when a client closes its sending side while its request is suspended.
enum class HalfClose : std::uint8_t { kCancel, kServe };

/// The data port's settings. Sizes are bytes.
struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one, see Server::port()
    std::uint32_t threads = 1;
    std::uint32_t backlog = 1024;
    std::uint32_t max_connections = 10'000;
    HalfClose half_close = HalfClose::kCancel;
    std::shared_ptr<const TlsContext> tls;  ///< null: the port is a plain one
    /// SO_SNDBUF and SO_RCVBUF of each connection, of which the kernel makes twice as much.
    std::size_t send_buffer = 64U << 10U;
    std::size_t receive_buffer = 64U << 10U;

    std::size_t request_line = 8U << 10U;
    std::size_t header_bytes = 16U << 10U;
    std::size_t header_count = 100;
    std::size_t reply_header_bytes = 16U << 10U;

    /// First byte to the head's end, and the whole of a TLS handshake.
    Duration head_timeout = std::chrono::seconds(10);
    Duration body_timeout = std::chrono::seconds(30);   ///< the head's end to the body's
    Duration idle_timeout = std::chrono::seconds(60);   ///< no byte of a request
    Duration write_timeout = std::chrono::seconds(30);  ///< a whole response
    Duration linger_timeout = std::chrono::seconds(1);  ///< after a close that leaves bytes unread
    std::uint64_t body_min_rate = 1024;                 ///< bytes a second, after the grace
    Duration body_rate_grace = std::chrono::seconds(1);

    std::chrono::seconds retry_after{1};
    std::string server_name;  ///< the Server header; empty: none
    bool access_log = false;

    /// Application 1's clock: receive times, UUIDv7, Date.
    std::function<std::chrono::system_clock::time_point()> wall_clock =
        std::chrono::system_clock::now;

    /// The most bytes of an unfinished head, or of pipelined requests, that one connection holds.
    std::size_t ReadBuffer() const { return request_line + header_bytes + kLineEnds; }
    static constexpr std::size_t kLineEnds = 8;  ///< of the request line and the empty lines
};

}  // namespace holdfast::gateway::http
