#include "gateway/config/memory_bound.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/core/added_value.h"

namespace holdfast::gateway::config {
namespace {

std::uint64_t Threads(const Config& config) {
    // Beside the loops and those that serve the ops port: main, bus, logger, the one that accepts
    // on the ops port, and libzmq's I/O and reaper.
    constexpr std::uint64_t kOtherThreads = 6;
    return std::uint64_t{config.listen.threads} + config.ops.threads + kOtherThreads;
}

std::uint64_t LargestRequest(const Config& config) {
    std::uint64_t largest = 0;
    for (const Route& route : config.routes) {
        largest = std::max(largest, RequestEnvelope(config, route));
    }
    return largest;
}

std::uint64_t TlsConnection(const Tls& tls) {
    if (tls.certificate.empty()) return 0;
    return kMemoryCosts.tls_session + 2 * kMemoryCosts.tls_record +
           (tls.client_ca.empty() ? 0 : kMemoryCosts.tls_client_certificate);
}

std::string Mebibytes(std::uint64_t bytes) {
    return std::to_string((bytes + kMiB / 2) / kMiB) + " MiB";
}

}  // namespace

std::uint64_t RequestEnvelope(const Config& config, const Route& route) {
    std::uint64_t added = 0;
    for (const AddedField& field : route.add) added += kMaxAddedValue + field.field.size();
    return route.body_limit + config.limits.request_line + config.limits.header_bytes + added +
           kMemoryCosts.envelope_overhead;
}

std::uint64_t ReplyEnvelope(const Config& config) {
    return config.bus.max_reply + config.limits.reply_headers + kMemoryCosts.envelope_overhead;
}

MemoryTerms MemoryBound(const Config& config) {
    const std::uint64_t connections = config.listen.max_connections;
    // An envelope is closed once it has reached its target size, so its last item may lie beyond.
    const std::uint64_t largest_sent = config.bus.batch_bytes + LargestRequest(config);
    // One message more than the mark: the one that the engine is still reading or writing.
    const std::uint64_t received =
        kMemoryCosts.peer + (config.bus.receive_hwm + 1ULL) * config.bus.max_message;
    const std::uint64_t sent = (config.bus.send_hwm + 1ULL) * largest_sent;
    const std::uint64_t peers = config.bus.max_peers + kMemoryCosts.spare_peers;
    const std::uint64_t client_socket = kMemoryCosts.kernel_socket +
                                        kMemoryCosts.send_charge * config.listen.send_buffer +
                                        kMemoryCosts.receive_charge * config.listen.receive_buffer;
    const std::uint64_t worker_socket =
        kMemoryCosts.kernel_socket + kMemoryCosts.segment + 4 * config.bus.socket_buffer;
    return MemoryTerms{
        .budget = config.limits.pending_bytes,
        .table = config.limits.pending_requests * kMemoryCosts.suspended_request,
        .replies = config.limits.reply_bytes + config.bus.max_peers * config.bus.max_reply,
        .connections = connections * kMemoryCosts.session,
        .tls = connections * TlsConnection(config.listen.tls),
        .heads = connections * (config.limits.request_line + config.limits.header_bytes),
        .peers = peers * received + config.bus.max_peers * sent,
        .fixed = kMemoryCosts.program + Threads(config) * kMemoryCosts.thread +
                 config.log.queue * kMemoryCosts.log_line,
        .kernel = connections * client_socket + peers * worker_socket,
    };
}

std::string DescribeMemory(const MemoryTerms& terms) {
    const std::array<std::pair<const char*, std::uint64_t>, 9> rows{{
        {"budget", terms.budget},
        {"table", terms.table},
        {"replies", terms.replies},
        {"connections", terms.connections},
        {"tls", terms.tls},
        {"heads", terms.heads},
        {"peers", terms.peers},
        {"fixed", terms.fixed},
        {"kernel", terms.kernel},
    }};
    std::string text = "resident memory is bounded by about " + Mebibytes(terms.Resident()) +
                       ", with the kernel's sockets " + Mebibytes(terms.Total()) + ":\n";
    for (const auto& [name, bytes] : rows) {
        text += std::string("  ") + name + ": " + Mebibytes(bytes) + "\n";
    }
    return text;
}

}  // namespace holdfast::gateway::config
