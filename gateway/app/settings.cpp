#include "gateway/app/settings.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "gateway/config/text_rules.h"

namespace holdfast::gateway::app {
namespace {

Addition::Source SourceOf(config::Source::Kind kind) {
    switch (kind) {
        case config::Source::Kind::kUuid7:
            return Addition::Source::kUuid7;
        case config::Source::Kind::kReceivedAt:
            return Addition::Source::kReceivedAt;
        case config::Source::Kind::kBody:
            return Addition::Source::kBody;
        case config::Source::Kind::kPath:
            return Addition::Source::kPath;
        case config::Source::Kind::kHeader:
            return Addition::Source::kHeader;
    }
    __builtin_unreachable();
}

/// Null without a limit of its own.
std::shared_ptr<RouteBudget> BudgetOf(const config::Route& route) {
    constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
    if (route.pending_requests == 0 && route.pending_bytes == 0) return nullptr;
    return std::make_shared<RouteBudget>(RouteBudget::Limits{
        .requests = route.pending_requests != 0 ? route.pending_requests : kNone,
        .bytes = route.pending_bytes != 0 ? route.pending_bytes : kNone});
}

log::Level LevelOf(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::kTrace:
            return log::Level::kTrace;
        case config::LogLevel::kDebug:
            return log::Level::kDebug;
        case config::LogLevel::kInfo:
            return log::Level::kInfo;
        case config::LogLevel::kWarn:
            return log::Level::kWarn;
        case config::LogLevel::kError:
            return log::Level::kError;
    }
    __builtin_unreachable();
}

}  // namespace

std::vector<std::string> Services(const config::Config& config) {
    std::vector<std::string> services;
    for (const config::Route& route : config.routes) {
        if (std::ranges::find(services, route.service) == services.end()) {
            services.push_back(route.service);
        }
    }
    return services;
}

std::vector<Route> Routes(const config::Config& config, const std::vector<std::string>& services) {
    std::vector<Route> routes;
    std::vector<std::uint32_t> lanes(services.size());
    for (const config::Route& from : config.routes) {
        Route route;
        route.path = from.path;
        route.methods = from.methods;
        route.service = from.service;
        route.service_index = static_cast<std::uint32_t>(std::ranges::find(services, from.service) -
                                                         services.begin());
        route.lane = lanes[route.service_index]++;
        route.timeout = from.timeout;
        route.wait_for_worker = from.wait_for_worker;
        route.body_limit = from.body_limit;
        route.budget = BudgetOf(from);
        route.idempotent = from.idempotent;
        route.idempotency_key = from.idempotency_key;
        route.content_types = from.content_types;
        for (const config::AddedField& added : from.add) {
            route.additions.push_back(
                {added.field, SourceOf(added.source.kind), added.source.name});
        }
        routes.push_back(std::move(route));
    }
    return routes;
}

InflightBudget::Limits BudgetLimits(const config::Config& config) {
    return {.requests = config.limits.pending_requests,
            .bytes = config.limits.pending_bytes,
            .upload_bytes = config.limits.upload_bytes};
}

http::ServerOptions DataPortOptions(const config::Config& config,
                                    std::shared_ptr<const http::TlsContext> tls) {
    http::ServerOptions options;
    options.tls = std::move(tls);
    options.address = config.listen.address;
    options.port = config.listen.port;
    options.threads = config.listen.threads;
    options.backlog = config.listen.backlog;
    options.max_connections = config.listen.max_connections;
    options.half_close = config.listen.half_close == config::HalfClose::kServe
                             ? http::HalfClose::kServe
                             : http::HalfClose::kCancel;
    options.send_buffer = config.listen.send_buffer;
    options.receive_buffer = config.listen.receive_buffer;
    options.request_line = config.limits.request_line;
    options.header_bytes = config.limits.header_bytes;
    options.header_count = config.limits.header_count;
    options.reply_header_bytes = config.limits.reply_headers;
    options.head_timeout = config.limits.head_timeout;
    options.body_timeout = config.limits.body_timeout;
    options.idle_timeout = config.limits.idle_timeout;
    options.write_timeout = config.limits.write_timeout;
    options.body_min_rate = config.limits.body_min_rate;
    options.server_name = "holdfast";
    options.access_log = config.log.access_log;
    return options;
}

BusOptions LegOptions(const config::Config& config, const std::vector<std::string>& services,
                      std::string instance) {
    BusOptions options;
    options.address = config.bus.address;
    options.port = config.bus.port;
    options.send_hwm = config.bus.send_hwm;
    options.receive_hwm = config.bus.receive_hwm;
    options.socket_buffer = static_cast<std::uint32_t>(config.bus.socket_buffer);
    options.max_reply_header_bytes = config.limits.reply_headers;
    if (!config.bus.curve_secret_key.empty()) {
        options.curve = LoadCurve(config.bus.curve_secret_key, config.bus.curve_workers);
    }
    options.gateway = std::move(instance);
    DispatcherOptions& dispatcher = options.dispatcher;
    dispatcher.services = services;
    dispatcher.pending_requests = config.limits.pending_requests;
    dispatcher.queue_requests = config.limits.queue_requests;
    dispatcher.queue_bytes = config.limits.queue_bytes;
    dispatcher.queue_delay = {config.overload.queue_target, config.overload.queue_interval};
    dispatcher.refuse_hopeless = config.overload.refuse_hopeless;
    dispatcher.concurrency = {config.overload.concurrency == config::Concurrency::kAdaptive,
                              config.overload.max_concurrency != 0
                                  ? config.overload.max_concurrency
                                  : ConcurrencyOptions::kUnbounded};
    dispatcher.max_peers = config.bus.max_peers;
    dispatcher.ping_interval = config.bus.ping_interval;
    dispatcher.peer_timeout = config.bus.peer_timeout;
    // Shorter than the silence that means death, so that a worker never starts what was
    // redispatched.
    dispatcher.lease = config.bus.peer_timeout * 5 / 7;
    dispatcher.batch_bytes = config.bus.batch_bytes;
    dispatcher.max_message_bytes = config.bus.max_message;
    dispatcher.max_reply_bytes = config.bus.max_reply;
    dispatcher.reply_window = config.bus.reply_window;
    dispatcher.redispatch_rate = config.bus.redispatch_rate;
    dispatcher.redispatch_burst = config.bus.redispatch_burst;
    return options;
}

OpsOptions OpsPortOptions(const config::Config& config) {
    return {.address = config.ops.address,
            .port = config.ops.port,
            .threads = config.ops.threads,
            .on_loopback = config::IsLoopback(config.ops.address)};
}

log::Options LogOptions(const config::Config& config) {
    log::Options options;
    options.level = LevelOf(config.log.level);
    options.format =
        config.log.format == config::LogFormat::kJson ? log::Format::kJson : log::Format::kText;
    options.queue = config.log.queue;
    return options;
}

}  // namespace holdfast::gateway::app
