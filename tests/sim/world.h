#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/gateway_node.h"
#include "tests/sim/worker_node.h"

namespace holdfast::sim {

/// One or more gateways, several workers, clients and a network in which things go wrong, all in
/// one thread on one clock. The seed decides everything. Run throws Violation when a promise is
/// broken.
class World {
  public:
    World(std::uint64_t seed, Coverage& coverage, bool trace);

    void Run();
    /// The state of every process, as it is now.
    void Print() const;

  private:
    struct Shape {
        std::size_t gateways = 1;
        std::size_t workers = 2;
        Duration length{};
        Duration longest_delay{};
        Duration between_requests{};  ///< at most
        Duration between_faults{};    ///< at most; zero: nothing goes wrong
        Duration longest_service{};
        std::uint64_t hang_percent = 0;
    };

    static Shape MakeShape(Random& random);
    void StartGateway(std::size_t index);
    void StartWorker(std::size_t index);
    ConnectionRef Connect(std::size_t gateway);
    GatewayNode::Ask MakeAsk();

    void ClientsGoOn();
    void FaultsGoOn();
    void HarmSomeWorker(std::uint64_t dice);
    void HarmTheNetwork(std::uint64_t dice);
    void HarmSomeGateway(std::uint64_t dice);
    void RestartWorkerAfter(std::size_t index, Duration delay);
    void RestartGatewayAfter(std::size_t index, Duration delay);
    void Happen(const std::string& fault);

    void RunFor(Duration duration);
    void Check() const;
    void HealEverything();
    void CheckRecovery();
    void CheckNothingIsLeft();
    void CountWhatHappened();

    Coverage& coverage_;
    const bool trace_;
    Random random_;
    const Shape shape_;
    Scheduler scheduler_;
    Network network_;
    Ledger ledger_;
    bool calm_ = false;  ///< no faults and no ordinary requests any more
    std::uint64_t instances_ = 0;
    std::vector<std::shared_ptr<GatewayNode>> gateways_;
    std::vector<std::shared_ptr<WorkerNode>> workers_;
    // The dead stay until the end: what was scheduled for them must find them.
    std::vector<std::shared_ptr<GatewayNode>> old_gateways_;
    std::vector<std::shared_ptr<WorkerNode>> old_workers_;
    std::vector<bool> gateway_returns_;
    std::vector<bool> worker_returns_;
};

}  // namespace holdfast::sim
