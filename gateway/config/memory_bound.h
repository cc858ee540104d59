#pragma once

#include <cstdint>
#include <string>

#include "gateway/config/config.h"

// The bound on the gateway's memory that a configuration implies, term by term.
// Thread: any; pure functions.
namespace holdfast::gateway::config {

/// Costs that no key names, in bytes. They are ceilings, to be confirmed by measurement.
struct MemoryCosts {
    /// A suspended request: its slot, timer, DeferredResult, permit and place in the queues.
    std::uint64_t suspended_request = 1 * kKiB;
    /// A connection: session, its timers, and its entry in the epoll set.
    std::uint64_t session = 1 * kKiB;
    /// A TLS connection's own: OpenSSL's objects, while it is idle or its request is suspended.
    std::uint64_t tls_session = 16 * kKiB;
    /// The certificate that its client has shown, where clients are asked for one.
    std::uint64_t tls_client_certificate = 8 * kKiB;
    /// One record that is still arriving, or that the client does not take.
    std::uint64_t tls_record = 17 * kKiB;
    /// A connection in the kernel, which memory cgroups count: 4 KiB of its structures, and a page
    /// of rounding for each of its two buffers.
    std::uint64_t kernel_socket = 12 * kKiB;
    /// Of a connection's send and receive buffer as configured, what the kernel charges at most,
    /// its own doubling included. A client's answers: Socket::Write looks after every send_buffer.
    std::uint64_t send_charge = 3;
    std::uint64_t receive_charge = 2;
    /// What libzmq hands to the kernel beyond a buffer that has room: one segment.
    std::uint64_t segment = 64 * kKiB;
    /// A worker's connection before any message: engine, pipes, session of its own.
    std::uint64_t peer = 28 * kKiB;
    /// Connections that the bus takes beyond bus.max_peers, so that it can refuse them politely.
    std::uint64_t spare_peers = 8;
    /// What an envelope adds around one request or reply.
    std::uint64_t envelope_overhead = 4 * kKiB;
    /// The program itself: code, libraries, heap arenas, metrics.
    std::uint64_t program = 17 * kMiB;
    /// Each thread: the touched part of its stack, and its heap arena.
    std::uint64_t thread = 256 * kKiB;
    /// A line that waits in the logger's queue.
    std::uint64_t log_line = 2560;
};

inline constexpr MemoryCosts kMemoryCosts{};

/// Each term in bytes.
struct MemoryTerms {
    std::uint64_t budget = 0;  ///< limits.pending_bytes: requests, from admission to release
    std::uint64_t table = 0;   ///< limits.pending_requests × the cost of a suspended request
    /// limits.reply_bytes, and the last reply of each worker, which may exceed its credit.
    std::uint64_t replies = 0;
    std::uint64_t connections = 0;  ///< listen.max_connections × session
    /// With TLS: listen.max_connections × (TLS session, the client's certificate where
    /// one is asked for, and a record in each direction).
    std::uint64_t tls = 0;
    std::uint64_t heads = 0;  ///< listen.max_connections × (request line + headers) still arriving
    /// Connections on the bus and messages from them, up to the high-water mark, bus.max_peers +
    /// spare; messages to those that are workers.
    std::uint64_t peers = 0;
    std::uint64_t fixed = 0;  ///< program, threads, the logger's queue

    /// Sockets with all their buffers full, of clients and workers: not the process's own.
    std::uint64_t kernel = 0;

    /// What VmRSS stays under.
    std::uint64_t Resident() const {
        return budget + table + replies + connections + tls + heads + peers + fixed;
    }
    /// What a memory cgroup must allow.
    std::uint64_t Total() const { return Resident() + kernel; }
};

MemoryTerms MemoryBound(const Config& config);

/// The largest envelope that a worker must take, whoever wrote it (proto/README.md).
inline constexpr std::uint64_t kMaxRequestEnvelope = 65 * kMiB;

/// The largest envelope that this request or reply may need.
std::uint64_t RequestEnvelope(const Config& config, const Route& route);
std::uint64_t ReplyEnvelope(const Config& config);

/// What --check-config prints: "resident memory is bounded by about N MiB", then a line for each
/// term.
std::string DescribeMemory(const MemoryTerms& terms);

}  // namespace holdfast::gateway::config
