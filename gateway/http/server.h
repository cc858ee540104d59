#pragma once

#include <cstdint>
#include <memory>

#include "gateway/core/counters.h"
#include "gateway/core/inbox.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/watchdog.h"
#include "gateway/http/observer.h"
#include "gateway/http/options.h"
#include "gateway/http/router.h"

namespace holdfast::gateway::http {

/// The data port: takes HTTP requests, suspends them, hands them to the bus and writes the answers.
///
/// Each loop is one thread with its own connections, which never leave it; the first one accepts
/// and deals them out. Everything passed in outlives the server. The server outlives whoever pushes
/// into its completion inboxes.
///
/// Thread: made, started and stopped by one thread; the accessors may be called from any.
class Server {
  public:
    Server(const ServerOptions& options, const Router& router, InflightBudget& budget,
           BusInbox& bus, Observer& observer);
    /// Stops, if that was not done.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens and starts the loops. Throws std::system_error when the address cannot be had.
    void Start();

    /// The port that is listened on. After Start.
    std::uint16_t port() const;

    std::uint32_t loops() const;

    /// Where the bus thread puts the completions of requests whose DeferredResult::loop is this
    /// one. From construction to destruction; what comes after Stop is dropped with its charge.
    CompletionInbox& completions(std::uint32_t loop);

    /// Begins the drain: what has connected is still accepted, then the listener is closed; idle
    /// connections are closed; every answer closes its connection. Returns at once.
    void StopAccepting();

    /// The certificate of connections that are accepted from now on. Only where ServerOptions::tls
    /// is set.
    void SetTls(std::shared_ptr<const TlsContext> context);

    std::uint32_t active_connections() const;

    /// Closes everything, cancels what is still suspended, and joins the loops.
    void Stop();

    const CounterBlock& counters(std::uint32_t loop) const;
    const Watchdog& watchdog(std::uint32_t loop) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::gateway::http
