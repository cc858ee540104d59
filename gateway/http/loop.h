#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/core/counters.h"
#include "gateway/core/inbox.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/watchdog.h"
#include "gateway/http/observer.h"
#include "gateway/http/options.h"
#include "gateway/http/router.h"
#include "gateway/http/tls_context.h"

namespace holdfast::gateway::http {

/// What all loops of one server share.
struct ServerParts {
    const ServerOptions& options;
    const Router& router;
    InflightBudget& budget;
    BusInbox& bus;
    Observer& observer;
    TlsCell tls{options.tls};
    std::atomic<std::uint32_t> connections{0};
};

/// One thread of the data port: an Asio loop, the connections that it was dealt, their deadlines.
///
/// Every connection is registered once, edge-triggered, in an epoll set of the loop's own, which
/// Asio sees as one readable descriptor. That gives what Asio's own reactor does not: the end of
/// the peer's stream (EPOLLRDHUP) while nothing is being read, and no system call and no allocation
/// to wait for the next request. What a turn hands to the bus thread goes in one push.
///
/// Thread: Run is the loop's thread; the other members may be called from any.
class Loop {
  public:
    Loop(std::uint32_t index, ServerParts& parts);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Until Stop.
    void Run();

    /// Accepts from this listening descriptor, which the loop now owns, and gives each new
    /// connection to `deal`, on the loop's thread. Before Run.
    void Listen(int listener, std::function<void(int descriptor, std::string client)> deal);

    /// Takes over a connected descriptor.
    void Adopt(int descriptor, std::string client);
    void Drain();
    void Stop();

    CompletionInbox& completions();
    const CounterBlock& counters() const;
    const Watchdog& watchdog() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::gateway::http
