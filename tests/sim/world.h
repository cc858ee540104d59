#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <vector>

#include "tests/sim/gateway_node.h"
#include "tests/sim/plan.h"
#include "tests/sim/stage.h"
#include "tests/sim/trial.h"
#include "tests/sim/worker_node.h"

namespace holdfast::sim {

/// Several gateways and workers, clients and a network in which things go wrong, all in one thread
/// on one clock. The trial decides everything. After each step every promise is checked; Run throws
/// Violation when one is broken, and then a world must not be destroyed: its processes are in a
/// state that cannot be.
class World {
  public:
    /// Before it is healed, unless parts were taken out.
    static constexpr std::uint64_t kFewestSteps = 2'000;

    /// `trace_to`: null for none. Both outlive the world.
    World(const Trial& trial, const Plan& plan, Coverage& coverage, std::ostream* trace_to);

    void Run();

    std::uint64_t steps() const { return stage_.scheduler.steps(); }
    /// Since the beginning.
    Duration now() const { return stage_.scheduler.now() - Scheduler::kStart; }
    /// The state of every process, as it is now.
    void Print(std::ostream& to) const;

  private:
    // Its course (world.cpp).
    void StartGateway(std::size_t index);
    void StartWorker(std::size_t index, bool as_before);
    ConnectionRef Connect(std::size_t gateway, std::size_t worker);
    void RunFor(Duration duration);
    void Check() const;
    void HealEverything();
    void CheckRecovery();
    void CheckNothingIsLeft() const;
    void CheckCredit(const WorkerNode& worker) const;
    void CountWhatHappened();

    // What is done to it (world_actions.cpp).
    void ActionsGoOn();
    void Do(std::uint64_t number, const Action& action);
    void HarmWorker(const Action& action);
    void HarmNetwork(const Action& action);
    void HarmGateway(const Action& action);
    void Happen(const Action& action);
    void RestartWorkerAfter(std::size_t index, Duration delay, bool as_before);
    void RestartGatewayAfter(std::size_t index, Duration delay);

    const Trial trial_;
    const Plan& plan_;
    Stage stage_;
    std::uint64_t next_action_ = 0;
    bool calm_ = false;  ///< no faults and no ordinary requests any more
    std::vector<std::uint64_t> gateway_starts_;
    std::vector<std::uint64_t> worker_starts_;
    std::vector<std::shared_ptr<GatewayNode>> gateways_;  ///< null: taken out
    std::vector<std::shared_ptr<WorkerNode>> workers_;    ///< likewise
    // The dead stay until the end: what was scheduled for them must find them.
    std::vector<std::shared_ptr<GatewayNode>> old_gateways_;
    std::vector<std::shared_ptr<WorkerNode>> old_workers_;
    std::vector<bool> gateway_returns_;
    std::vector<bool> worker_returns_;
};

}  // namespace holdfast::sim
