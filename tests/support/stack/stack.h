#pragma once

#include <httplib.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/stack/free_port.h"
#include "tests/support/stack/process.h"

namespace holdfast::testing {

/// How much slower this build is than a release build: counts are divided by it, patience
/// multiplied.
int SlowFactor();

struct Ports {
    std::uint16_t data = 0;
    std::uint16_t ops = 0;
    std::uint16_t bus = 0;
};

/// The address of a bus on this machine, as workers are told it.
std::string Endpoint(std::uint16_t port);

/// Starts a worker of this build. `plugin` is "orders", "echo" or "trouble".
std::vector<std::string> WorkerCommand(const std::string& plugin,
                                       const std::vector<std::string>& endpoints,
                                       const std::vector<std::string>& options = {});

/// The options of a worker of this orders database; `more` goes into the plugin's config.
std::vector<std::string> OrdersOptions(const std::filesystem::path& database, int threads,
                                       const nlohmann::json& more = nlohmann::json::object());

/// A gateway and its workers as real processes on loopback, in a folder of their own that goes with
/// this object.
class Stack {
  public:
    /// `config`: YAML without listen/ops/bus addresses; ports are free ones that stay the same over
    /// restarts.
    explicit Stack(std::string config = {});
    ~Stack();

    /// What the gateways that are started from now on are started by, as a shell with `exec "$@"`.
    void StartGatewayBy(std::vector<std::string> command) { starter_ = std::move(command); }
    void StartGateway(const std::map<std::string, std::string>& environment = {});
    /// Waits until the ops port says that it is ready.
    bool WaitReady(std::chrono::milliseconds patience = std::chrono::seconds(20));
    /// Waits until so many live workers are known.
    bool WaitForWorkers(std::size_t count,
                        std::chrono::milliseconds patience = std::chrono::seconds(20));

    /// As WorkerCommand, on this gateway's bus.
    Process& StartWorker(const std::string& plugin, const std::vector<std::string>& options = {});
    /// StartWorker("orders"), on this stack's database.
    Process& StartOrdersWorker(int threads = 2);
    /// StartWorker("trouble"), which writes what it starts and cancels to events().
    Process& StartTroubleWorker(int threads = 2, const std::vector<std::string>& options = {});

    Process& gateway() { return *gateway_; }
    /// Leaves the folder where it is, for somebody who looks into a failure.
    void KeepDirectory() { keep_ = true; }

    const Ports& ports() const { return ports_; }
    std::filesystem::path directory() const { return directory_; }
    std::filesystem::path database() const { return directory_ / "orders.db"; }
    std::filesystem::path gateway_binary() const;

    /// The lines that trouble workers wrote, such as "started <correlation id> <attempt>".
    std::vector<std::string> events() const;

    httplib::Client Client() const;
    httplib::Client OpsClient() const;
    nlohmann::json Ops(const std::string& path) const;
    /// The value of a metric line that starts with `name` (labels included); 0 when there is none.
    double Metric(const std::string& name) const;
    std::uint64_t Pending() const;

    /// One order for `customer`; its status is checked by the caller.
    httplib::Result PostOrder(httplib::Client& client, const std::string& customer,
                              int quantity = 1, const std::string& key = {}) const;

  private:
    std::filesystem::path directory_;
    std::string config_;
    std::vector<std::string> starter_;
    Ports ports_;
    bool keep_ = false;
    std::unique_ptr<Process> gateway_;
    std::vector<std::unique_ptr<Process>> workers_;
};

}  // namespace holdfast::testing
