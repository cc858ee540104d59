// What is done to a world: its requests and its faults, in the order of its plan.
#include "tests/sim/world.h"

namespace holdfast::sim {

using namespace std::chrono_literals;

void World::ActionsGoOn() {
    while (next_action_ < plan_.actions.size() && trial_.only &&
           !trial_.only->contains(next_action_)) {
        ++next_action_;
    }
    if (next_action_ == plan_.actions.size()) return;
    const std::uint64_t number = next_action_++;
    const Action& action = plan_.actions[number];
    stage_.scheduler.At(Scheduler::kStart + action.at, [this, number, &action] {
        Do(number, action);
        ActionsGoOn();
    });
}

void World::Do(std::uint64_t number, const Action& action) {
    if (action.ask) {
        const auto& gateway = gateways_[action.gateway];
        if (!gateway || !gateway->alive()) return;
        if (stage_.trace.on()) stage_.trace.Say("action ", number, ": ", Text(action));
        if (action.begins_burst) stage_.coverage.Count(Seen::kBurst);
        gateway->Submit(number, *action.ask);
        return;
    }
    if (stage_.trace.on()) stage_.trace.Say("action ", number, ": ", Text(action));
    switch (action.fault) {
        case Seen::kConnectionBroken:
        case Seen::kConnectionPartitioned:
        case Seen::kConnectionHalfOpen:
        case Seen::kWorkerCutOff:
        case Seen::kGatewayCutOff:
        case Seen::kEnvelopeDoubled:
            HarmNetwork(action);
            break;
        case Seen::kGatewayStopped:
        case Seen::kGatewayKilled:
        case Seen::kGatewayDrained:
            if (gateways_[action.gateway] && gateways_[action.gateway]->alive()) {
                HarmGateway(action);
            }
            break;
        default:
            if (workers_[action.worker] && workers_[action.worker]->alive()) HarmWorker(action);
    }
}

void World::Happen(const Action& action) {
    stage_.coverage.Count(action.fault);
}

void World::HarmWorker(const Action& action) {
    WorkerNode& worker = *workers_[action.worker];
    switch (action.fault) {
        case Seen::kWorkerKilled:
            Happen(action);
            worker.Kill();
            RestartWorkerAfter(action.worker, action.how_long, action.as_before);
            break;
        case Seen::kWorkerStopped:
            Happen(action);
            worker.Pause(action.how_long);
            break;
        case Seen::kWorkerLoopHangs:
            Happen(action);
            worker.HangLoop(action.how_long);
            break;
        case Seen::kWorkerDrained:
            Happen(action);
            worker.Drain();
            RestartWorkerAfter(action.worker, action.how_long, action.as_before);
            break;
        default:
            worker.TellLie(action.fault);  // counted when it is told
    }
}

void World::HarmNetwork(const Action& action) {
    const bool every_gateway = action.fault == Seen::kWorkerCutOff;
    const bool every_worker = action.fault == Seen::kGatewayCutOff;
    const auto some = [](bool every, std::size_t one) {
        return every ? std::optional<std::size_t>() : one;
    };
    const auto living = stage_.network.Living(some(every_gateway, action.gateway),
                                              some(every_worker, action.worker));
    for (const ConnectionRef& connection : living) {
        switch (action.fault) {
            case Seen::kConnectionBroken:
                Happen(action);
                stage_.network.Break(connection);
                break;
            case Seen::kEnvelopeDoubled:
                connection->to_gateway.next_comes_twice = true;  // counted when it does
                break;
            case Seen::kConnectionHalfOpen:
                Happen(action);
                stage_.network.Partition(
                    connection, action.as_before ? Direction::kToWorker : Direction::kToGateway,
                    action.how_long);
                break;
            default:
                Happen(action);
                stage_.network.Partition(connection, Direction::kBoth, action.how_long);
        }
    }
}

void World::HarmGateway(const Action& action) {
    const std::shared_ptr<GatewayNode> gateway = gateways_[action.gateway];
    Happen(action);
    switch (action.fault) {
        case Seen::kGatewayStopped:
            gateway->Pause(action.how_long);
            break;
        case Seen::kGatewayKilled:
            gateway->Kill();
            RestartGatewayAfter(action.gateway, action.how_long);
            break;
        default:
            gateway->Drain();
            stage_.scheduler.After(action.how_long, [this, gateway] {
                if (!gateway->alive()) return;
                stage_.coverage.Count(Seen::kGatewayDrainedWithRest);
                gateway->ShutDown();
            });
            RestartGatewayAfter(action.gateway, action.how_long + 10ms);
    }
}

void World::RestartWorkerAfter(std::size_t index, Duration delay, bool as_before) {
    if (worker_returns_[index]) return;
    worker_returns_[index] = true;
    stage_.scheduler.After(delay, [this, index, as_before] {
        worker_returns_[index] = false;
        if (workers_[index]->alive()) workers_[index]->Kill();
        StartWorker(index, as_before);
    });
}

void World::RestartGatewayAfter(std::size_t index, Duration delay) {
    if (gateway_returns_[index]) return;
    gateway_returns_[index] = true;
    stage_.scheduler.After(delay, [this, index] {
        gateway_returns_[index] = false;
        StartGateway(index);
    });
}

}  // namespace holdfast::sim
