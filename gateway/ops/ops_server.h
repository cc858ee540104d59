#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/counters.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/inquiry_desk.h"
#include "gateway/core/reply_budget.h"
#include "gateway/core/route_budget.h"
#include "gateway/core/snapshot.h"
#include "gateway/core/watchdog.h"

namespace holdfast::gateway {

struct OpsOptions {
    std::string address = "127.0.0.1";  ///< an IPv4 or IPv6 address in figures
    std::uint16_t port = 8081;          ///< 0: any free one
    std::uint32_t threads = 4;
    bool on_loopback = true;  ///< the address is one that only this machine reaches
};

struct NamedWatchdog {
    std::string name;
    const Watchdog* watchdog = nullptr;
};

/// A route that has limits of its own.
struct NamedRoute {
    std::string name;  ///< its methods and its pattern, such as "GET,PUT /v1/files/{id}"
    const RouteBudget* budget = nullptr;
};

/// Everything that the ops port looks at. What is referred to outlives the OpsServer; every
/// function is called on ops threads, several at once, and never waits for another thread.
struct OpsSources {
    const InflightBudget& inflight;
    const ReplyBudget& replies;
    std::vector<const CounterBlock*> counters;
    std::vector<NamedWatchdog> watchdogs;
    SnapshotCell& snapshots;
    InquiryDesk& inquiries;
    std::function<bool(std::string_view service)> has_worker;
    std::vector<std::string> required_services;
    std::function<bool()> draining;
    std::function<void()> start_drain;         ///< may be called more than once
    std::function<std::string()> config_text;  ///< secrets are masked already
    std::string version;
    std::string instance;
    std::function<std::uint64_t()> connections;
    std::vector<NamedRoute> routes{};
    std::function<std::uint64_t()> log_lines_dropped = [] { return std::uint64_t{0}; };
    /// When the data port's certificate ends; nothing while it is a plain port.
    std::function<std::optional<std::chrono::sys_seconds>()> certificate_expires = [] {
        return std::optional<std::chrono::sys_seconds>();
    };
};

/// The ops port: health, readiness, metrics, views of the inside, and drain.
///
/// Thread: made, started and stopped by one thread; has one of its own that accepts, and
/// `OpsOptions::threads` that answer. A connection carries one request, which must arrive and be
/// taken within 5 s in all, so that nobody holds a thread; at most kMaxQueued connections wait for
/// a thread and further ones are closed at once. What needs the bus thread waits for it: 1 s at
/// most, and what asks the workers 2 s. Where there are several threads they never all wait, so
/// that /healthz answers whatever has stopped.
class OpsServer {
  public:
    static constexpr std::size_t kMaxQueued = 32;

    OpsServer(OpsOptions options, OpsSources sources);
    ~OpsServer();
    OpsServer(const OpsServer&) = delete;
    OpsServer& operator=(const OpsServer&) = delete;

    /// The bound port, from Start on; before that the one that was asked for.
    std::uint16_t port() const;
    /// Binds, listens and begins to answer. Once. Throws std::system_error that names the address,
    /// the port and what is wrong with them ("Address already in use").
    void Start();
    /// Ends every connection and joins; an answer that is being written is finished. Idempotent.
    /// Takes as long as a request that waits for the bus (2 s), or a client that does not take its
    /// answer (5 s).
    void Stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::gateway
