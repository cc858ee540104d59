#include "load/engine/engine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "load/engine/connection_pool.h"
#include "load/engine/probe.h"
#include "load/engine/recorder.h"
#include "load/engine/target.h"
#include "load/engine/tls.h"
#include "load/engine/traffic.h"

namespace holdfast::load {
namespace {

/// What a process needs besides its connections: epoll, files, pipes, the feeders.
constexpr std::size_t kReservedDescriptors = 64;

/// `connections`, and descriptors for them: raises the soft limit as far as the hard one lets it.
std::size_t NeedDescriptors(std::size_t connections) {
    const rlim_t wanted = connections + kReservedDescriptors;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return connections;
    if (limit.rlim_max >= wanted) {
        limit.rlim_cur = wanted;
        if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return connections;
    }
    const std::size_t room = limit.rlim_max > kReservedDescriptors
                                 ? static_cast<std::size_t>(limit.rlim_max) - kReservedDescriptors
                                 : 1;
    const std::size_t processes = (connections + room - 1) / room;
    throw LimitError(std::to_string(connections) + " connections in one process need " +
                     std::to_string(wanted) + " descriptors, the limit is " +
                     std::to_string(limit.rlim_max) + ": use --processes " +
                     std::to_string(processes) + ", or raise, or raise the limit (ulimit -Hn)");
}

}  // namespace

class Engine::Loop {
  public:
    Loop(const Flow& flow, EngineOptions options)
        : flow_(flow),
          options_(std::move(options)),
          endpoint_(ParseUrl(options_.target.url)),
          context_(MakeJourneyContext(flow, options_.identity, endpoint_.host_header,
                                      endpoint_.prefix, options_.keep_alive)),
          addresses_(Resolve(endpoint_)),
          parts_(NeedDescriptors(std::max(options_.load.connections, 1U))) {
        if (endpoint_.tls) tls_.emplace(options_.target, endpoint_);
        parts_.tls = tls_ ? &*tls_ : nullptr;
        parts_.keep_alive = options_.keep_alive;
    }

    void Probe() { ProbeTarget(endpoint_, addresses_, tls_ ? &*tls_ : nullptr); }

    void Run() {
        // Sleeps end when they should, not up to 50 µs later.
        ::prctl(PR_SET_TIMERSLACK, 1UL);
        parts_.now = Clock::now();
        Recorder recorder(flow_, options_.start, options_.ledger, options_.on_interval);
        ConnectionPool pool(parts_, addresses_, parts_.deadlines.size());
        Traffic traffic(options_, context_, parts_, pool, recorder);
        const TimePoint end =
            options_.trace ? TimePoint::max() : options_.start + options_.load.Length();
        std::optional<TimePoint> give_up;
        while (!traffic.IsDone()) {
            Turn(traffic, pool, recorder, give_up.value_or(end));
            recorder.Roll(parts_.now, GaugesOf(traffic, pool, recorder));
            if (stop_ && !stopped_) {
                stopped_ = true;
                traffic.StopSending();
                give_up = parts_.now + options_.drain;
            } else if (!give_up && parts_.now >= end) {
                traffic.EndPlan();
                give_up = end + options_.drain;
            }
            if (give_up && parts_.now >= *give_up) traffic.GiveUp();
        }
        recorder.Finish(GaugesOf(traffic, pool, recorder));
    }

    void Stop() noexcept {
        stop_ = true;
        parts_.poller.Wake();
    }

  private:
    /// Sleeps until something happens or is due, and does it.
    void Turn(Traffic& traffic, ConnectionPool& pool, const Recorder& recorder, TimePoint until) {
        const TimePoint due =
            std::min({until, traffic.next(), parts_.deadlines.next(), recorder.next()});
        const std::span<const epoll_event> events = parts_.poller.Wait(due);
        parts_.now = Clock::now();
        for (const epoll_event& event : events) {
            if (event.data.u64 == Poller::kWakeTag) continue;
            Connection* connection = pool.ByTag(event.data.u64);
            if (connection != nullptr) connection->OnEvents(event.events);
            // A long batch of answers holds up nothing that is due.
            if (traffic.next() <= parts_.now) traffic.BeginDue();
        }
        traffic.BeginDue();
        parts_.deadlines.Expire(parts_.now, [&](std::uint32_t i) { pool.at(i).OnDeadline(); });
    }

    static Recorder::Gauges GaugesOf(const Traffic& traffic, ConnectionPool& pool,
                                     Recorder& recorder) {
        recorder.current().connects += pool.TakeOpenedCount();
        return {traffic.in_flight(), traffic.waiting(), pool.open()};
    }

    const Flow& flow_;
    EngineOptions options_;
    Endpoint endpoint_;
    std::shared_ptr<JourneyContext> context_;
    std::vector<Address> addresses_;
    std::optional<TlsContext> tls_;
    ConnectionParts parts_;
    std::atomic<bool> stop_{false};
    bool stopped_ = false;
};

Engine::Engine(const Flow& flow, EngineOptions options)
    : loop_(std::make_unique<Loop>(flow, std::move(options))) {}
Engine::~Engine() = default;

void Engine::Probe() {
    loop_->Probe();
}
void Engine::Run() {
    loop_->Run();
}
void Engine::Stop() noexcept {
    loop_->Stop();
}

}  // namespace holdfast::load
