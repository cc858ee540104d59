#include <limits>

#include "gateway/config/key_builders.h"

namespace holdfast::gateway::config {
namespace {

using namespace std::chrono_literals;
using builders::Choice;
using builders::Count;
using builders::Duration;
using builders::Flag;
using builders::List;
using builders::Size;
using builders::Text;

constexpr std::uint64_t kMaxPort = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t kMaxServices = 100;

std::vector<Key<Config>> ListenKeys() {
    return {
        Text<Config, &Config::listen, &Listen::address>(
            "listen.address", CheckAddress,
            "Address of the data port, where clients send their requests. Use `0.0.0.0` in a "
            "container."),
        Count<Config, &Config::listen, &Listen::port>(
            "listen.port", 0, kMaxPort, "TCP port of the data port. `0` takes any free one."),
        Count<Config, &Config::listen, &Listen::threads>(
            "listen.threads", 1, 64,
            "HTTP loops, a thread each. A connection stays with its loop. One loop serves tens of "
            "thousands of requests per second; more help only where there are cores for them."),
        Count<Config, &Config::listen, &Listen::backlog>(
            "listen.backlog", 1, 65535,
            "Connections that the kernel holds before they are accepted. The kernel lowers it to "
            "`net.core.somaxconn`."),
        Count<Config, &Config::listen, &Listen::max_connections>(
            "listen.max_connections", 1, 1'000'000,
            "Client connections at one time, over all loops; further ones are answered with 503 "
            "and closed. Together with `bus.max_peers` and 136 more (64 being refused, 8 spare on "
            "the bus, 64 of the process's own) it must fit in the process's limit of open files, "
            "which is checked at start."),
        Choice<Config, &Config::listen, &Listen::half_close>(
            "listen.half_close", kHalfCloseNames,
            "What it means when a client closes its sending side while its request is suspended. "
            "`cancel`: it has gone, the request is cancelled. `serve`: it still waits for the "
            "answer; its real departure is then noticed only by a reset or a failed write."),
        Size<Config, &Config::listen, &Listen::send_buffer>(
            "listen.send_buffer", 4 * kKiB, kMiB,
            "What the kernel may hold of a connection's answers that its client has not taken; it "
            "charges up to three times as much. One connection gets at most twice as much in a "
            "round trip."),
        Size<Config, &Config::listen, &Listen::receive_buffer>(
            "listen.receive_buffer", 4 * kKiB, kMiB,
            "What the kernel may hold of a connection's requests that were not read yet; it "
            "charges up to twice as much. One connection sends at most that in a round trip; with "
            "less than 24KiB, bodies of a megabyte take seconds on loopback, whose segments are "
            "larger than that."),
        Text<Config, &Config::listen, &Listen::tls, &Tls::certificate>(
            "listen.tls.certificate", CheckPath,
            "PEM file with the data port's certificate, and behind it those that lead to its CA. "
            "With it the port speaks HTTPS and nothing else. Empty: the port is plain. SIGHUP "
            "reads this file and the next two anew, for new connections."),
        Text<Config, &Config::listen, &Listen::tls, &Tls::key>(
            "listen.tls.key", CheckPath,
            "PEM file with the certificate's private key, without a passphrase, readable by the "
            "gateway's user alone."),
        Text<Config, &Config::listen, &Listen::tls, &Tls::client_ca>(
            "listen.tls.client_ca", CheckPath,
            "PEM file with the CAs whose certificates clients must show (mutual TLS). Empty: "
            "clients need none."),
        Choice<Config, &Config::listen, &Listen::tls, &Tls::min_version>(
            "listen.tls.min_version", kTlsVersionNames,
            "The oldest version of TLS that is spoken. There is nothing below 1.2."),
    };
}

std::vector<Key<Config>> OpsKeys() {
    return {
        Text<Config, &Config::ops, &Ops::address>(
            "ops.address", CheckAddress,
            "Address of the ops port: health, metrics, workers, drain. It has no access control: "
            "another address than loopback is refused unless `ops.allow_remote` is true."),
        Flag<Config, &Config::ops, &Ops::allow_remote>(
            "ops.allow_remote",
            "Allows an `ops.address` other than loopback. Whoever reaches that port can read the "
            "configuration, the workers and the targets of requests, and can drain the gateway: "
            "set it only where nobody else reaches it, such as in a container whose port is "
            "published to its own machine."),
        Count<Config, &Config::ops, &Ops::port>(
            "ops.port", 0, kMaxPort, "TCP port of the ops port. `0` takes any free one."),
        Count<Config, &Config::ops, &Ops::threads>(
            "ops.threads", 1, 64, "Threads of the ops port. Each serves one connection at a time."),
    };
}

std::vector<Key<Config>> BusKeys() {
    return {
        Text<Config, &Config::bus, &Bus::address>(
            "bus.address", CheckAddress,
            "Address where workers connect. Another address than loopback is refused unless the "
            "leg "
            "is encrypted (`bus.curve_secret_key`) or `bus.allow_plain_remote` is true."),
        Count<Config, &Config::bus, &Bus::port>(
            "bus.port", 0, kMaxPort,
            "TCP port where workers connect. Keep it below 32768: a worker that retries an "
            "ephemeral port of its own machine can end up connected to itself. `0` takes any "
            "free one."),
        Flag<Config, &Config::bus, &Bus::allow_plain_remote>(
            "bus.allow_plain_remote",
            "Allows a `bus.address` other than loopback although the leg is neither encrypted nor "
            "authenticated. Whoever reaches that port can be a worker and read requests: set it "
            "only on a network that is yours alone, such as a container network."),
        Text<Config, &Config::bus, &Bus::curve_secret_key>(
            "bus.curve_secret_key", CheckPath,
            "File with the gateway's secret certificate, as `holdfastctl keygen` makes it. With it "
            "the leg is encrypted (CURVE), and only workers with a certificate in "
            "`bus.curve_workers` are let in. Empty: the leg is plain."),
        Text<Config, &Config::bus, &Bus::curve_workers>(
            "bus.curve_workers", CheckPath,
            "Folder of the public certificates (`*.key`) of the workers that may connect. SIGHUP "
            "reads it anew; workers that are connected stay."),
        Count<Config, &Config::bus, &Bus::max_peers>(
            "bus.max_peers", 1, 10'000,
            "Worker connections at one time. While there are more, the port takes no new ones."),
        Duration<Config, &Config::bus, &Bus::ping_interval>(
            "bus.ping_interval", 10ms, 10s, "How often each worker is asked for a sign of life."),
        Duration<Config, &Config::bus, &Bus::peer_timeout>(
            "bus.peer_timeout", 20ms, 1min,
            "A worker that is silent for this long is lost: its requests are redispatched where "
            "that is safe and fail at once where it is not. At least twice `bus.ping_interval`, "
            "so that one late answer costs nothing. 5/7 of it is the lease that workers are told: "
            "they give up unstarted requests after that much silence, so before the gateway "
            "gives them to others."),
        Size<Config, &Config::bus, &Bus::max_message>(
            "bus.max_message", 64 * kKiB, 64 * kMiB,
            "The largest envelope that is taken from a worker; a larger one ends its connection. "
            "It must hold the largest reply. Requests to workers are not bounded by it."),
        Size<Config, &Config::bus, &Bus::batch_bytes>(
            "bus.batch_bytes", kKiB, kMiB,
            "An envelope takes what is ready until it has reached this size. Nothing ever waits "
            "for an envelope to fill."),
        Count<Config, &Config::bus, &Bus::receive_hwm>(
            "bus.receive_hwm", 1, 1000,
            "Envelopes of one worker that may wait unread in the gateway. With "
            "`bus.max_message` it bounds what a misbehaving worker can make the gateway hold."),
        Count<Config, &Config::bus, &Bus::send_hwm>(
            "bus.send_hwm", 1, 1000,
            "Envelopes that may wait for one worker's socket. Credits bound the work of a worker "
            "long before this; it is the net beneath them."),
        Size<Config, &Config::bus, &Bus::socket_buffer>(
            "bus.socket_buffer", 64 * kKiB, kMiB,
            "The kernel's buffer of a worker's connection, in each direction; it charges up to "
            "twice as much. It must hold a segment, which has 64KiB on loopback: else each waits "
            "40 ms for the acknowledgement of the one before."),
        Size<Config, &Config::bus, &Bus::reply_window>(
            "bus.reply_window", 64 * kKiB, kGiB,
            "Reply bytes that one worker may have on the way to the gateway."),
        Size<Config, &Config::bus, &Bus::max_reply>(
            "bus.max_reply", kKiB, 64 * kMiB,
            "The largest reply: headers and body together. A larger one is answered with 502 and "
            "logged."),
        Count<Config, &Config::bus, &Bus::redispatch_rate>(
            "bus.redispatch_rate", 0, 100'000,
            "Redispatches per second and service, after the burst. It keeps the loss of many "
            "workers from becoming a storm on the rest; what exceeds it fails at once."),
        Count<Config, &Config::bus, &Bus::redispatch_burst>(
            "bus.redispatch_burst", 0, 1'000'000,
            "Redispatches of one service that may happen at once. `0`, with a rate of `0`, "
            "turns redispatch off."),
    };
}

std::vector<Key<Config>> MemoryLimits() {
    return {
        Count<Config, &Config::limits, &Limits::pending_requests>(
            "limits.pending_requests", 1, kMaxPending,
            "Requests that may be admitted and not yet finished, suspended ones included. "
            "Further ones are answered with 503 at once, not processed."),
        Size<Config, &Config::limits, &Limits::pending_bytes>(
            "limits.pending_bytes", 64 * kKiB, 64 * kGiB,
            "Bytes of heads and bodies of all admitted requests, until the last byte of each is "
            "freed. Further requests are answered with 503 at once, before their body is read."),
        Size<Config, &Config::limits, &Limits::upload_bytes>(
            "limits.upload_bytes", 4 * kKiB, 64 * kGiB,
            "The share of `limits.pending_bytes` that bodies still arriving may hold, so that "
            "slow uploads cannot take it all."),
        Size<Config, &Config::limits, &Limits::reply_bytes>(
            "limits.reply_bytes", 64 * kKiB, 64 * kGiB,
            "Bytes of all replies that are on their way to clients. It pauses the windows given "
            "to workers, so that slow clients cannot fill the gateway."),
        Count<Config, &Config::limits, &Limits::queue_requests>(
            "limits.queue_requests", 0, kMaxPending,
            "Requests of one service that may wait for a worker with credit. Further ones are "
            "answered with 503 at once, not processed. `0`: none waits."),
        Size<Config, &Config::limits, &Limits::queue_bytes>(
            "limits.queue_bytes", 0, 64 * kGiB,
            "Bytes of the requests of one service that may wait for a worker with credit."),
    };
}

std::vector<Key<Config>> HttpLimits() {
    return {
        Size<Config, &Config::limits, &Limits::request_line>(
            "limits.request_line", 256, 64 * kKiB,
            "The longest request line: method, target and version. A longer one is answered with "
            "414."),
        Size<Config, &Config::limits, &Limits::header_bytes>(
            "limits.header_bytes", kKiB, kMiB,
            "All header fields of a request together. More is answered with 431."),
        Count<Config, &Config::limits, &Limits::header_count>(
            "limits.header_count", 8, 1000,
            "Header fields of a request. More is answered with 431."),
        Size<Config, &Config::limits, &Limits::reply_headers>(
            "limits.reply_headers", 256, kMiB,
            "All header fields of a worker's reply together. More makes it a bad reply: 502."),
        Duration<Config, &Config::limits, &Limits::head_timeout>(
            "limits.head_timeout", 10ms, 5min,
            "From the first byte of a request to the end of its headers. Later is answered with "
            "408."),
        Duration<Config, &Config::limits, &Limits::body_timeout>(
            "limits.body_timeout", 10ms, 1h,
            "From the end of the headers to the end of the body. Later is answered with 408."),
        Size<Config, &Config::limits, &Limits::body_min_rate>(
            "limits.body_min_rate", 0, kGiB,
            "Bytes per second that a body must arrive with, on average, after its first second. "
            "Slower is answered with 408. `0` asks for no rate."),
        Duration<Config, &Config::limits, &Limits::idle_timeout>(
            "limits.idle_timeout", 10ms, 1h,
            "How long a connection may stay open without a request; it is then closed silently."),
        Duration<Config, &Config::limits, &Limits::write_timeout>(
            "limits.write_timeout", 10ms, 1h,
            "How long the writing of one response may take. Then the connection is closed and "
            "its bytes are freed."),
    };
}

std::vector<Key<Config>> OverloadKeys() {
    return {
        Duration<Config, &Config::overload, &Overload::queue_target>(
            "overload.queue_target", 0ns, 1min,
            "How long a request may wait for a worker while more come than the service can take: "
            "then the newest is served first, and what has waited longer is answered with 503, not "
            "processed. Where a route's requests themselves need longer, that counts instead. "
            "`0s`: the queue is bounded by `limits.queue_requests` and deadlines only, first come, "
            "first served."),
        Duration<Config, &Config::overload, &Overload::queue_interval>(
            "overload.queue_interval", 1ms, 1min,
            "How long the wait may be above `overload.queue_target` before that begins: bursts "
            "shorter than this are absorbed. At least `overload.queue_target`."),
        Flag<Config, &Config::overload, &Overload::refuse_hopeless>(
            "overload.refuse_hopeless",
            "Answers a request with 503, not processed, instead of sending it when it has less "
            "time left than nine of ten of its route's last requests needed."),
        Choice<Config, &Config::overload, &Overload::concurrency>(
            "overload.concurrency", kConcurrencyNames,
            "What limits the requests that the workers of one service have at one time, beside "
            "their own credit. `fixed`: `overload.max_concurrency`. `adaptive`: a limit that "
            "follows their latency, at most that many."),
        Count<Config, &Config::overload, &Overload::max_concurrency>(
            "overload.max_concurrency", 0, kMaxPending,
            "The most requests of one service that its workers have at one time; more wait in the "
            "gateway. `0`: as many as the workers give credit for."),
    };
}

std::vector<Key<Config>> ProcessKeys() {
    return {
        Duration<Config, &Config::shutdown, &Shutdown::drain_delay>(
            "shutdown.drain_delay", 0ns, 10min,
            "Between failing `/readyz` and closing the listener, so that load balancers stop "
            "sending first. Behind a balancer: a little more than its probe interval."),
        Duration<Config, &Config::shutdown, &Shutdown::drain_timeout>(
            "shutdown.drain_timeout", 0ns, 1h,
            "How long suspended requests may go on after the listener is closed. What is left "
            "is answered (503 where it was never sent, else 502) and cancelled. Give the "
            "process's own stop timeout a few seconds more than both together."),
        Choice<Config, &Config::log, &Log::level>("log.level", kLogLevelNames,
                                                  "The least severe lines that are written."),
        Choice<Config, &Config::log, &Log::format>(
            "log.format", kLogFormatNames,
            "`text` for people, `json` for machines: one object a line."),
        Flag<Config, &Config::log, &Log::access_log>("log.access_log",
                                                     "Writes a line for each finished request."),
        Count<Config, &Config::log, &Log::queue>(
            "log.queue", 16, 1'048'576,
            "Lines that may wait for the logging thread. When it is full the oldest are dropped "
            "and counted: logging never holds up a request."),
        List<Config, &Config::ready, &Ready::required_services>(
            "ready.required_services", CheckService, 0, kMaxServices,
            "Services that must have a live worker before `/readyz` says yes. `[]` requires "
            "none. When it is not given, a file's routes require every service that they name."),
    };
}

}  // namespace

std::span<const Key<Config>> ConfigKeys() {
    static const std::vector<Key<Config>> keys = [] {
        std::vector<Key<Config>> all;
        for (auto part : {ListenKeys(), OpsKeys(), BusKeys(), MemoryLimits(), HttpLimits(),
                          OverloadKeys(), ProcessKeys()}) {
            all.insert(all.end(), part.begin(), part.end());
        }
        return all;
    }();
    return keys;
}

}  // namespace holdfast::gateway::config
