#include "load/engine/engine.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "load/engine/connection.h"
#include "load/engine/probe.h"
#include "load/engine/run_loop.h"
#include "load/engine/target.h"
#include "load/engine/tls.h"

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
                     std::to_string(processes) + ", or raise the limit (ulimit -Hn)");
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

    void Run() { RunLoop(flow_, options_, context_, addresses_, parts_, stop_).Run(); }

    void Stop() noexcept {
        stop_ = true;
        parts_.events.Wake();
    }

  private:
    const Flow& flow_;
    EngineOptions options_;
    Endpoint endpoint_;
    std::shared_ptr<JourneyContext> context_;
    std::vector<Address> addresses_;
    std::optional<TlsContext> tls_;
    ConnectionParts parts_;
    std::atomic<bool> stop_{false};
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
