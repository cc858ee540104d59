#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "gateway/core/counters.h"
#include "gateway/ops/ops_server.h"

namespace holdfast::gateway {

/// What the ops port looks at, without a gateway behind it. The bus is a thread that answers
/// snapshots while `bus_answers`.
class FakeGateway {
  public:
    FakeGateway() {
        Snapshot::Worker worker;
        worker.instance = "worker-a";
        worker.version = "0.1.0";
        worker.host = "host-a";
        worker.pid = 4711;
        worker.session = 3;
        worker.state = "live";
        worker.services = {"orders"};
        worker.threads = 4;
        worker.outstanding = 2;
        worker.credit = 14;
        worker.sent = 120;
        worker.replied = 118;
        worker.running = 2;
        worker.oldest_started = std::chrono::milliseconds(35);
        worker.last_heard = std::chrono::milliseconds(120);
        snapshot.workers = {worker};
        snapshot.services = {{"orders", 1, 5, 2048, 2, 16, false}};
        snapshot.pending = 7;
        snapshot.oldest = {{CorrelationId(7, 9), "/v1/orders", "sent", "worker-a", 1,
                            std::chrono::milliseconds(40), std::chrono::milliseconds(4960)}};
    }

    ~FakeGateway() { StopBus(); }

    void StartBus() {
        stop_ = false;
        bus_ = std::thread([this] {
            while (!stop_) {
                if (bus_answers && snapshots.wanted()) {
                    auto copy = std::make_shared<Snapshot>(snapshot);
                    copy->taken = Clock::now();
                    snapshots.Put(copy);
                }
                for (Inquiry& asked : inquiries.TakeAsked()) {
                    asked.known = asked.service == "orders";
                    if (asked.known) asked.answers = answers;
                    inquiries.Put(std::move(asked));
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
    }

    void StopBus() {
        stop_ = true;
        if (bus_.joinable()) bus_.join();
    }

    OpsSources Sources() {
        return {
            .inflight = inflight,
            .replies = replies,
            .counters = {&loop_counters, &bus_counters},
            .watchdogs = {{"http-0", &loop_watchdog}, {"bus", &bus_watchdog}},
            .snapshots = snapshots,
            .inquiries = inquiries,
            .has_worker =
                [this](std::string_view service) { return has_worker && service == "orders"; },
            .required_services = {"orders"},
            .draining = [this] { return draining.load(); },
            .start_drain =
                [this] {
                    ++drains_started;
                    draining = true;
                },
            .config_text = [] { return std::string("listen:\n  port: 8080\n"); },
            .version = "0.1.0",
            .instance = "gateway-test",
            .connections = [this] { return connections.load(); },
            .routes = {{"POST /v1/orders", &route}},
            .log_lines_dropped = [] { return std::uint64_t{0}; },
            .certificate_expires =
                [] {
                    return std::optional(
                        std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)));
                },
        };
    }

    InflightBudget inflight{{.requests = 100, .bytes = 1 << 20, .upload_bytes = 1 << 18}};
    RouteBudget route{{.requests = 50, .bytes = 1 << 19}};
    ReplyBudget replies{1 << 21};
    CounterBlock loop_counters;
    CounterBlock bus_counters;
    Watchdog loop_watchdog;
    Watchdog bus_watchdog;
    SnapshotCell snapshots;
    InquiryDesk inquiries;
    Snapshot snapshot;                     ///< written before StartBus only
    std::vector<Inquiry::Answer> answers;  ///< of workers; likewise
    std::atomic<bool> has_worker{true};
    std::atomic<bool> draining{false};
    std::atomic<int> drains_started{0};
    std::atomic<std::uint64_t> connections{12};
    std::atomic<bool> bus_answers{true};

  private:
    std::atomic<bool> stop_{false};
    std::thread bus_;
};

}  // namespace holdfast::gateway
