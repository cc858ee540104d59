#include "gateway/app/app.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gateway/app/certificate.h"
#include "gateway/app/log_observer.h"
#include "gateway/app/memory_trim.h"
#include "gateway/app/settings.h"
#include "gateway/bus/bus.h"
#include "gateway/config/memory_bound.h"
#include "gateway/core/correlation_id.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/inquiry_desk.h"
#include "gateway/core/reply_budget.h"
#include "gateway/core/snapshot.h"
#include "gateway/http/router.h"
#include "gateway/http/server.h"
#include "gateway/ops/ops_server.h"

namespace holdfast::gateway::app {
namespace {

/// How long answers that were completed at the drain's end may take to leave.
constexpr Duration kLastAnswers = std::chrono::seconds(1);
constexpr Duration kPoll = std::chrono::milliseconds(10);

std::string MakeInstance() {
    std::random_device random;
    const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
    return "gateway-" + std::to_string(getpid()) + "-" + ToString(CorrelationId(number));
}

}  // namespace

/// In the order of their lives: each refers only to what stands above it.
struct App::Parts {
    Parts(const config::LoadedConfig& loaded, Signals& signals, log::Log& log)
        : config(loaded.config),
          instance(MakeInstance()),
          services(Services(config)),
          observer(log),
          budget(BudgetLimits(config)),
          replies(config.limits.reply_bytes),
          router(Routes(config, services)),
          bus(LegOptions(config, services, instance), replies, snapshots, inquiries, bus_counters,
              bus_watchdog,
              [this](BusLogLevel level, std::string_view line) { observer.OnBus(level, line); }),
          certificate(config.listen.tls, log),
          server(DataPortOptions(config, certificate.context()), router, budget, bus.inbox(),
                 observer),
          ops(OpsPortOptions(config), Sources(loaded, signals, log)) {}

    /// Also when a later part could not start. The server stops first and lets its sessions go; the
    /// bus stops after it and may push until then: the server's inboxes live as long as the parts.
    ~Parts() {
        ops.Stop();
        server.Stop();
        bus.Stop();
    }

    OpsSources Sources(const config::LoadedConfig& loaded, Signals& signals, log::Log& log) {
        std::vector<const CounterBlock*> counters = {&bus_counters};
        std::vector<NamedWatchdog> watchdogs = {{"bus", &bus_watchdog}};
        for (std::uint32_t loop = 0; loop < server.loops(); ++loop) {
            counters.push_back(&server.counters(loop));
            watchdogs.push_back({"http-" + std::to_string(loop), &server.watchdog(loop)});
        }
        return {
            .inflight = budget,
            .replies = replies,
            .counters = std::move(counters),
            .watchdogs = std::move(watchdogs),
            .snapshots = snapshots,
            .inquiries = inquiries,
            .has_worker = [this](std::string_view name) { return HasWorker(name); },
            .required_services = config.ready.required_services,
            .draining = [this] { return draining.load(); },
            .start_drain = [&signals] { signals.RequestDrain(); },
            .config_text = [text = config::Print(loaded)] { return text; },
            .version = HOLDFAST_VERSION,
            .instance = instance,
            .connections = [this] { return server.active_connections(); },
            .routes = LimitedRoutes(),
            .log_lines_dropped = [&log] { return log.dropped(); },
            .certificate_expires = [this] { return certificate.Expires(); },
        };
    }

    std::vector<NamedRoute> LimitedRoutes() const {
        std::vector<NamedRoute> named;
        for (const Route& route : router.routes()) {
            if (route.budget == nullptr) continue;
            std::string methods;
            for (const std::string& method : route.methods) {
                methods += methods.empty() ? method : "," + method;
            }
            named.push_back({methods + " " + route.path, route.budget.get()});
        }
        return named;
    }

    bool HasWorker(std::string_view name) const {
        const auto found = std::ranges::find(services, name);
        return found != services.end() &&
               bus.HasWorkerFor(static_cast<std::uint32_t>(found - services.begin()));
    }

    std::uint64_t BytesHeld() const {
        return budget.bytes() + replies.held() +
               server.active_connections() * config::kMemoryCosts.session;
    }

    const config::Config& config;
    const std::string instance;
    const std::vector<std::string> services;
    LogObserver observer;
    InflightBudget budget;
    ReplyBudget replies;
    SnapshotCell snapshots;
    InquiryDesk inquiries;
    CounterBlock bus_counters;
    Watchdog bus_watchdog;
    std::atomic<bool> draining{false};
    const http::Router router;
    Bus bus;
    Certificate certificate;
    http::Server server;
    OpsServer ops;
};

App::App(const config::LoadedConfig& loaded, Signals& signals, log::Log& log)
    : config_(loaded.config),
      signals_(signals),
      log_(log),
      parts_(std::make_unique<Parts>(loaded, signals, log)) {
    Parts& parts = *parts_;
    std::vector<CompletionInbox*> loops;
    for (std::uint32_t loop = 0; loop < parts.server.loops(); ++loop) {
        loops.push_back(&parts.server.completions(loop));
    }
    parts.bus.Start(std::move(loops));
    parts.server.Start();
    parts.ops.Start();
    if (geteuid() == 0) {
        log_.Write(log::Level::kWarn,
                   "running as root, which nothing here needs: use another user");
    }
    log_.Write(log::Level::kInfo, "listening",
               {{"data", config_.listen.address + ":" + std::to_string(parts.server.port())},
                {"tls", !config_.listen.tls.certificate.empty()},
                {"ops", config_.ops.address + ":" + std::to_string(parts.ops.port())},
                {"bus", config_.bus.address + ":" + std::to_string(parts.bus.port())},
                {"version", HOLDFAST_VERSION},
                {"instance", parts.instance}});
}

App::~App() = default;

/// What cannot be read leaves everything as it is.
void App::Reload() {
    parts_->certificate.Reload(parts_->server);
    if (!config_.bus.curve_workers.empty()) ReloadWorkerKeys();
    if (config_.bus.curve_workers.empty() && config_.listen.tls.certificate.empty()) {
        log_.Write(log::Level::kInfo, "SIGHUP: there are no keys and no certificate to reload");
    }
}

void App::ReloadWorkerKeys() {
    try {
        const auto keys = std::make_shared<const WorkerKeys>(config_.bus.curve_workers);
        parts_->bus.SetWorkerKeys(keys);
        log_.Write(log::Level::kInfo, "the workers' keys were reloaded", {{"keys", keys->size()}});
    } catch (const std::exception& error) {
        log_.Write(log::Level::kError, "the workers' keys stay as they were",
                   {{"error", error.what()}});
    }
}

int App::Run() {
    signals_.OnReload([this] { Reload(); });
    std::optional<int> ending;
    MemoryTrim trim;
    TimePoint next_warning = Clock::now() + Certificate::kCheckInterval;
    while (!(ending = signals_.Wait(MemoryTrim::kInterval))) {
        const TimePoint now = Clock::now();
        if (trim.Due(parts_->BytesHeld(), now)) malloc_trim(0);
        if (now < next_warning) continue;
        parts_->certificate.WarnOfEnd();
        next_warning = now + Certificate::kCheckInterval;
    }
    const int signal = *ending;
    log_.Write(
        log::Level::kInfo, "draining",
        {{"cause", signal == 0 ? std::string("the ops port") : "signal " + std::to_string(signal)},
         {"pending", parts_->budget.requests()},
         {"timeout", config_.shutdown.drain_timeout}});
    const std::optional<int> second = Drain();
    if (!second) {
        log_.Write(log::Level::kInfo, "drained");
        return 0;
    }
    log_.Write(log::Level::kWarn, "a second signal: ending at once",
               {{"pending", parts_->budget.requests()}});
    log_.Stop();
    _exit(128 + *second);
}

/// The second signal, when one came.
std::optional<int> App::Drain() {
    parts_->draining = true;
    const TimePoint listener_closes = Clock::now() + config_.shutdown.drain_delay;
    for (TimePoint now = Clock::now(); now < listener_closes; now = Clock::now()) {
        // A drain that the ops port asked for twice is still one drain.
        if (const auto signal = signals_.Wait(listener_closes - now); signal.value_or(0) != 0) {
            return signal;
        }
    }
    parts_->server.StopAccepting();
    if (const auto second = WaitForQuiet(config_.shutdown.drain_timeout)) return second;
    if (const std::uint64_t left = parts_->budget.requests()) {
        log_.Write(log::Level::kWarn, "the drain's time is over", {{"pending", left}});
    }
    parts_->bus.BeginShutdown();
    return WaitForQuiet(kLastAnswers);
}

/// Until nothing is suspended and no client is connected, at most for `patience`.
std::optional<int> App::WaitForQuiet(Duration patience) {
    const TimePoint until = Clock::now() + patience;
    while (Clock::now() < until) {
        if (parts_->budget.requests() == 0 && parts_->server.active_connections() == 0) break;
        if (const auto signal = signals_.Wait(kPoll); signal.value_or(0) != 0) return signal;
    }
    return std::nullopt;
}

}  // namespace holdfast::gateway::app
