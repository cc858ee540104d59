#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/chaos/database_lock.h"
#include "tests/support/chaos/fault_schedule.h"
#include "tests/support/chaos/tcp_proxy.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {

struct FleetOptions {
    std::string config{};  ///< of every gateway
    std::size_t gateways = 2;
    std::size_t order_workers = 3;    ///< on one database
    std::size_t witness_workers = 2;  ///< of the trouble plugin: they write down what they start
    bool encrypted = false;           ///< the legs, by CURVE
    std::uint64_t seed = 1;           ///< of the links
};

/// Gateways and workers as real processes, every worker connected to every gateway. Each leg, and
/// each gateway's data port, is reached over a TcpProxy of its own. Thread: one.
class Fleet {
  public:
    explicit Fleet(const FleetOptions& options);

    /// Starts everything and waits until each gateway has every worker. Throws when it does not.
    void Start();

    FaultTargets targets() const;
    /// False when it is left out, as its process is on its way out: what drains may take longer
    /// than the schedule gives it.
    bool Begin(const Fault& fault);
    /// True when it is over; false when what drains has not ended yet: ask again.
    bool End(const Fault& fault);

    /// Every link healed, every process running and known to the others; false when that takes more
    /// than `patience`.
    bool Heal(std::chrono::milliseconds patience);
    /// Ends everything by SIGTERM, gateways first; false when one does not end well.
    bool Drain(std::chrono::milliseconds patience);

    /// What went wrong besides the faults: a process that ended by itself, or with a wrong code.
    const std::vector<std::string>& troubles() const { return troubles_; }
    /// Looks for processes that have ended by themselves.
    void Inspect();

    Stack& gateway(std::size_t index) { return *gateways_.at(index); }
    std::size_t gateways() const { return gateways_.size(); }
    /// Where clients connect: the proxies before the data ports.
    std::vector<std::uint16_t> entrances() const;
    std::filesystem::path database() const { return gateways_.front()->database(); }
    std::filesystem::path journal() const { return directory() / "events.log"; }
    std::filesystem::path directory() const { return gateways_.front()->directory(); }
    /// Leaves the logs where they are.
    void KeepDirectories();
    LinkCounts legs() const;

  private:
    struct Worker {
        std::string plugin;
        std::vector<std::string> options;
        std::vector<std::unique_ptr<TcpProxy>> legs;  ///< one for each gateway
        std::unique_ptr<Process> process;
        bool expected = false;  ///< to be running
    };

    void MakeKeys();
    void AddWorker(const std::string& plugin, std::vector<std::string> options);
    void StartWorker(std::size_t index);
    void StartGateway(std::size_t index);
    TcpProxy& Leg(const Fault& fault) { return *workers_.at(fault.worker).legs.at(fault.gateway); }
    TcpProxy& Clients(const Fault& fault) { return *entrances_.at(fault.gateway); }
    bool Drained(Process& process, const std::string& name, bool amid_faults);
    std::filesystem::path LogOf(std::size_t worker) const;

    const FleetOptions options_;
    std::uint64_t next_seed_;
    std::vector<std::unique_ptr<Stack>> gateways_;
    std::vector<bool> gateway_expected_;
    std::vector<std::unique_ptr<TcpProxy>> entrances_;
    std::vector<Worker> workers_;
    std::unique_ptr<DatabaseLock> lock_;
    std::vector<std::string> troubles_;
};

}  // namespace holdfast::testing
