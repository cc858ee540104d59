#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>

#include "gateway/config/memory_bound.h"
#include "gateway/config/nearest.h"
#include "gateway/config/reader.h"
#include "gateway/config/text_rules.h"
#include "gateway/config/value.h"

namespace holdfast::gateway::config {
namespace {

using Broken = std::set<std::string, std::less<>>;
using Paths = std::initializer_list<std::string>;

std::string RoutePath(std::size_t index, std::string_view key) {
    return "routes[" + std::to_string(index) + "]." + std::string(key);
}

/// Each rule names the keys that take part, the one to blame first.
///
/// Thread: one. Owner: one CheckExcept().
class Checker {
  public:
    Checker(const LoadedConfig& loaded, const Broken& broken)
        : loaded_(loaded), config_(loaded.config), broken_(broken) {}

    std::vector<Problem> Run() {
        CheckTls();
        CheckOps();
        CheckBus();
        CheckLimits();
        CheckOverload();
        CheckPorts();
        CheckSameRoutes();
        for (std::size_t i = 0; i < config_.routes.size(); ++i) CheckRoute(i, config_.routes[i]);
        CheckReady();
        return std::move(problems_);
    }

  private:
    void Require(bool holds, Paths paths, std::string message) {
        const auto is_broken = [&](const std::string& path) { return broken_.contains(path); };
        if (holds || std::any_of(paths.begin(), paths.end(), is_broken)) return;
        Problem problem = Place(paths);
        problem.message = std::move(message);
        problems_.push_back(std::move(problem));
    }

    /// Where the first of these keys stands that is no default: that is the one somebody wrote.
    /// After those, a route's default stands where the route does.
    Problem Place(Paths paths) const {
        for (const std::string& path : paths) {
            if (const auto place = PlaceOf(loaded_, path)) return *place;
        }
        for (const std::string& path : paths) {
            const std::size_t end_of_route = path.find("].");
            if (end_of_route == std::string::npos) continue;
            if (const auto place = PlaceOf(loaded_, path.substr(0, end_of_route + 1)))
                return *place;
        }
        return {loaded_.file, 0, 0, ""};
    }

    void RequireAtMost(std::uint64_t value, const std::string& path, std::uint64_t bound,
                       const std::string& bound_path, std::string_view why) {
        Require(value <= bound, {path, bound_path},
                Quoted(path) + " is " + FormatSize(value) + " and must not exceed " +
                    Quoted(bound_path) + ", which is " + FormatSize(bound) + ": " +
                    std::string(why));
    }

    void CheckTls() {
        const Tls& tls = config_.listen.tls;
        Require(tls.certificate.empty() == tls.key.empty(),
                {"listen.tls.certificate", "listen.tls.key"},
                "'listen.tls.certificate' and 'listen.tls.key' go together: TLS needs both");
        Require(tls.client_ca.empty() || !tls.certificate.empty(),
                {"listen.tls.client_ca", "listen.tls.certificate"},
                "'listen.tls.client_ca' asks clients for certificates, which only TLS can: give "
                "'listen.tls.certificate' and 'listen.tls.key' too");
    }

    void CheckOps() {
        const Ops& ops = config_.ops;
        Require(ops.allow_remote || IsLoopback(ops.address), {"ops.address", "ops.allow_remote"},
                "'ops.address' is " + Quoted(ops.address) +
                    ", which is not loopback, and the ops port has no access control: use "
                    "127.0.0.1, or set 'ops.allow_remote: true' where nobody else reaches it");
    }

    void CheckBus() {
        const Bus& bus = config_.bus;
        Require(bus.peer_timeout >= 2 * bus.ping_interval,
                {"bus.peer_timeout", "bus.ping_interval"},
                "'bus.peer_timeout' is " + FormatDuration(bus.peer_timeout) +
                    " and must be at least twice 'bus.ping_interval', which is " +
                    FormatDuration(bus.ping_interval) + ": one late answer must not end a worker");
        Require(bus.curve_secret_key.empty() == bus.curve_workers.empty(),
                {"bus.curve_secret_key", "bus.curve_workers"},
                "'bus.curve_secret_key' and 'bus.curve_workers' go together: without the workers' "
                "certificates every key would be let in, without the secret one nothing is "
                "encrypted");
        const bool plain = bus.curve_secret_key.empty();
        Require(!plain || bus.allow_plain_remote || IsLoopback(bus.address),
                {"bus.address", "bus.allow_plain_remote", "bus.curve_secret_key"},
                "'bus.address' is " + Quoted(bus.address) +
                    ", which is not loopback, and the leg to the workers is not encrypted: use "
                    "127.0.0.1, or encrypt it with 'bus.curve_secret_key', or set "
                    "'bus.allow_plain_remote: true' on a network that is yours alone");
        RequireAtMost(bus.batch_bytes, "bus.batch_bytes", bus.max_message, "bus.max_message",
                      "an envelope is a message");
        RequireAtMost(bus.max_reply, "bus.max_reply", bus.reply_window, "bus.reply_window",
                      "a worker could never send such a reply");
        RequireAtMost(bus.reply_window, "bus.reply_window", config_.limits.reply_bytes,
                      "limits.reply_bytes", "one worker's window must fit in the whole");
        const std::uint64_t reply = ReplyEnvelope(config_);
        Require(reply <= bus.max_message,
                {"bus.max_reply", "limits.reply_headers", "bus.max_message"},
                "the largest reply needs an envelope of " + FormatSize(reply) +
                    " ('bus.max_reply' + 'limits.reply_headers' + " +
                    FormatSize(kMemoryCosts.envelope_overhead) +
                    "), and 'bus.max_message' is only " + FormatSize(bus.max_message));
    }

    void CheckLimits() {
        const Limits& limits = config_.limits;
        RequireAtMost(limits.upload_bytes, "limits.upload_bytes", limits.pending_bytes,
                      "limits.pending_bytes", "it is a share of it");
        const std::uint64_t head = limits.request_line + limits.header_bytes;
        Require(head <= limits.pending_bytes,
                {"limits.header_bytes", "limits.request_line", "limits.pending_bytes"},
                "the largest head is " + FormatSize(head) +
                    " ('limits.request_line' + 'limits.header_bytes') and must not exceed "
                    "'limits.pending_bytes', which is " +
                    FormatSize(limits.pending_bytes) + ": such a request would never be admitted");
    }

    void CheckOverload() {
        const Overload& overload = config_.overload;
        Require(overload.queue_interval >= overload.queue_target,
                {"overload.queue_interval", "overload.queue_target"},
                "'overload.queue_interval' is " + FormatDuration(overload.queue_interval) +
                    " and must be at least 'overload.queue_target', which is " +
                    FormatDuration(overload.queue_target) +
                    ": a wait is known to stand only after it has lasted");
    }

    void CheckPorts() {
        struct Listener {
            std::string section;
            const std::string& address;
            std::uint16_t port;
        };
        const std::array<Listener, 3> listeners{
            {{"listen", config_.listen.address, config_.listen.port},
             {"ops", config_.ops.address, config_.ops.port},
             {"bus", config_.bus.address, config_.bus.port}}};
        for (auto one = listeners.begin(); one != listeners.end(); ++one) {
            for (auto other = listeners.begin(); other != one; ++other) {
                const bool same = one->port != 0 && one->port == other->port &&
                                  Overlap(one->address, other->address);
                Require(!same,
                        {one->section + ".port", other->section + ".port",
                         one->section + ".address", other->section + ".address"},
                        "'" + one->section + "' and '" + other->section +
                            "' would both take port " + std::to_string(one->port) + " of " +
                            Quoted(one->address) +
                            ": give one of them another port, or 0 for any free one");
            }
        }
    }

    void CheckSameRoutes() {
        std::map<std::string, std::size_t> seen;
        for (std::size_t i = 0; i < config_.routes.size(); ++i) {
            const Route& route = config_.routes[i];
            if (route.path.empty()) continue;
            for (const std::string& method : route.methods) {
                const auto [first, is_new] = seen.emplace(method + " " + Shape(route.path), i);
                const std::size_t other = first->second;
                if (is_new || other == i) continue;
                std::string message = method + " " + route.path;
                message += " matches the same requests as routes[" + std::to_string(other) + "], ";
                message += method + " " + config_.routes[other].path + ": remove one of them";
                Require(false, {RoutePath(i, "path"), RoutePath(other, "path")}, message);
            }
        }
    }

    void CheckRoute(std::size_t index, const Route& route) {
        const std::string limit_path = RoutePath(index, "body_limit");
        RequireAtMost(route.body_limit, limit_path, config_.limits.upload_bytes,
                      "limits.upload_bytes", "such a body would never be read");
        const std::uint64_t envelope = RequestEnvelope(config_, route);
        Require(envelope <= kMaxRequestEnvelope,
                {limit_path, "limits.request_line", "limits.header_bytes"},
                Quoted(limit_path) + " allows a request that needs an envelope of " +
                    FormatSize(envelope) +
                    " ('body_limit' + 'limits.request_line' + 'limits.header_bytes' + " +
                    (route.add.empty() ? "" : "1KiB and the name for each field of 'add' + ") +
                    FormatSize(kMemoryCosts.envelope_overhead) + "), and workers take " +
                    FormatSize(kMaxRequestEnvelope));
        CheckShare(index, route);
        CheckRequest(index, route);
        Require(route.wait_for_worker <= route.timeout,
                {RoutePath(index, "wait_for_worker"), RoutePath(index, "timeout")},
                Quoted(RoutePath(index, "wait_for_worker")) + " is " +
                    FormatDuration(route.wait_for_worker) + " and must not exceed the route's " +
                    "'timeout', which is " + FormatDuration(route.timeout));
        CheckSources(index, route);
    }

    /// The largest request of the route can be held.
    void CheckRequest(std::size_t index, const Route& route) {
        const Limits& limits = config_.limits;
        const std::uint64_t head = limits.request_line + limits.header_bytes;
        const std::uint64_t largest = route.body_limit + head;
        const auto require = [&](std::uint64_t room, const std::string& path) {
            Require(largest <= room,
                    {path, RoutePath(index, "body_limit"), "limits.request_line",
                     "limits.header_bytes"},
                    Quoted(path) + " is " + FormatSize(room) +
                        ", and the largest request of this route has " + FormatSize(largest) +
                        " ('body_limit' + 'limits.request_line' + 'limits.header_bytes'): it "
                        "would never be admitted");
        };
        // Of a head that is too large by itself it is said already.
        if (head <= limits.pending_bytes) require(limits.pending_bytes, "limits.pending_bytes");
        if (route.pending_bytes > 0)
            require(route.pending_bytes, RoutePath(index, "pending_bytes"));
    }

    void CheckShare(std::size_t index, const Route& route) {
        const Limits& limits = config_.limits;
        const std::string requests_path = RoutePath(index, "pending_requests");
        Require(route.pending_requests <= limits.pending_requests,
                {requests_path, "limits.pending_requests"},
                Quoted(requests_path) + " is " + std::to_string(route.pending_requests) +
                    " and must not exceed 'limits.pending_requests', which is " +
                    std::to_string(limits.pending_requests) + ": it is a share of it");
        RequireAtMost(route.pending_bytes, RoutePath(index, "pending_bytes"), limits.pending_bytes,
                      "limits.pending_bytes", "it is a share of it");
    }

    void CheckSources(std::size_t index, const Route& route) {
        const auto parameters = Parameters(route.path);
        const bool json =
            route.content_types.empty() || std::ranges::any_of(route.content_types, IsJson);
        for (const AddedField& added : route.add) {
            const std::string path = RoutePath(index, "add");
            const std::string name = Quoted(path + "." + added.field);
            if (added.source.kind == Source::Kind::kPath) {
                const auto known = std::ranges::count(parameters, added.source.name) > 0;
                Require(known, {path, RoutePath(index, "path")},
                        name + " takes " + Quoted(FormatSource(added.source)) + ", but the path " +
                            Quoted(route.path) + " has " +
                            (parameters.empty() ? "no parameters" : "no such parameter") +
                            "; write it there as {" + added.source.name + "}");
            }
            if (added.source.kind == Source::Kind::kBody) {
                Require(json, {path, RoutePath(index, "content_types")},
                        name + " takes " + Quoted(FormatSource(added.source)) +
                            " from a JSON body, but 'content_types' allows no JSON: add "
                            "application/json to it");
            }
        }
    }

    void CheckReady() {
        std::vector<std::string> known;
        for (std::size_t i = 0; i < config_.routes.size(); ++i) {
            // With an unknown service among the routes, none can be called unused.
            if (broken_.contains(RoutePath(i, "service"))) return;
            known.push_back(config_.routes[i].service);
        }
        for (const std::string& service : config_.ready.required_services) {
            if (std::ranges::count(known, service) > 0) continue;
            const auto nearest = Nearest(service, known);
            Require(false, {"ready.required_services", "routes"},
                    "'ready.required_services' has " + Quoted(service) + ", which no route uses" +
                        (nearest ? "; did you mean " + Quoted(*nearest) + "?"
                                 : ": remove it, or add its route"));
        }
    }

    const LoadedConfig& loaded_;
    const Config& config_;
    const Broken& broken_;
    std::vector<Problem> problems_;
};

// Client connections that are being refused: the data port keeps that many, beside those it serves.
constexpr std::uint64_t kRefusedConnections = 64;
// Connections on the bus beside max_peers: strangers, and workers that connect anew. Bus has it
// too.
constexpr std::uint64_t kSpareBusConnections = 8;
// Standard streams, listeners, epoll sets, eventfds, the ops port's connections, libzmq's
// mailboxes.
constexpr std::uint64_t kReservedDescriptors = 64;

}  // namespace

std::vector<Problem> CheckExcept(const LoadedConfig& loaded, const Broken& broken) {
    return Checker(loaded, broken).Run();
}

std::optional<Problem> PlaceOf(const LoadedConfig& loaded, const std::string& path) {
    const auto found = loaded.origins.find(path);
    if (found == loaded.origins.end()) return std::nullopt;
    const Origin& origin = found->second;
    if (origin.kind == Origin::Kind::kEnvironment) return Problem{"$" + origin.name, 0, 0, ""};
    if (origin.kind != Origin::Kind::kFile) return std::nullopt;
    return Problem{origin.name, origin.line, origin.column, ""};
}

std::vector<Problem> Check(const LoadedConfig& loaded) {
    return CheckExcept(loaded, {});
}

std::uint64_t DescriptorsNeeded(const Config& config) {
    return std::uint64_t{config.listen.max_connections} + kRefusedConnections +
           config.bus.max_peers + kSpareBusConnections + kReservedDescriptors;
}

std::optional<Problem> CheckDescriptors(const Config& config, std::uint64_t limit) {
    const std::uint64_t needed = DescriptorsNeeded(config);
    if (needed <= limit) return std::nullopt;
    const std::uint64_t others = needed - config.listen.max_connections;
    std::string message =
        "this configuration may need " + std::to_string(needed) +
        " open files ('listen.max_connections' " + std::to_string(config.listen.max_connections) +
        " + " + std::to_string(kRefusedConnections) + " being refused + 'bus.max_peers' " +
        std::to_string(config.bus.max_peers) + " + " + std::to_string(kSpareBusConnections) +
        " spare + " + std::to_string(kReservedDescriptors) +
        " of its own), and this process may open " + std::to_string(limit) +
        ": raise the limit (ulimit -n, LimitNOFILE=)";
    if (limit > others) {
        message +=
            ", or set 'listen.max_connections' to " + std::to_string(limit - others) + " or less";
    }
    return Problem{"", 0, 0, std::move(message)};
}

}  // namespace holdfast::gateway::config
