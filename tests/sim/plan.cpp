#include "tests/sim/plan.h"

#include <algorithm>
#include <sstream>

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

Ask MakeAsk(Random& random) {
    Ask ask;
    ask.service = static_cast<std::uint32_t>(random.Below(2));
    ask.idempotent = random.Chance(50);
    ask.timeout = random.Between(Duration(1ms), random.Chance(30) ? 100ms : kLongestTimeout);
    ask.wait = static_cast<std::uint32_t>(random.Chance(50) ? 0 : random.Below(std::size(kWaits)));
    ask.body_bytes = random.Chance(5) ? random.Below(20'000) : random.Below(500);
    ask.client_reads_for = random.Chance(90) ? Duration(0) : random.Between(Duration(0), 500ms);
    if (random.Chance(10)) {
        ask.client_leaves_after = random.Between(Duration(0), random.Chance(50) ? 5ms : 1s);
    }
    return ask;
}

struct Weight {
    Seen fault;
    std::uint64_t weight;
};
constexpr Weight kWeights[] = {
    {Seen::kWorkerKilled, 13},      {Seen::kWorkerStopped, 13},
    {Seen::kWorkerLoopHangs, 7},    {Seen::kWorkerDrained, 7},
    {Seen::kConnectionBroken, 9},   {Seen::kConnectionPartitioned, 5},
    {Seen::kConnectionHalfOpen, 4}, {Seen::kWorkerCutOff, 2},
    {Seen::kGatewayCutOff, 1},      {Seen::kEnvelopeDoubled, 4},
    {Seen::kGatewayStopped, 6},     {Seen::kGatewayKilled, 3},
    {Seen::kGatewayDrained, 4},     {kFirstLie, 22},
};

Seen PickFault(Random& random) {
    std::uint64_t all = 0;
    for (const Weight& one : kWeights) all += one.weight;
    std::uint64_t left = random.Below(all);
    for (const Weight& one : kWeights) {
        if (left < one.weight) {
            if (one.fault != kFirstLie) return one.fault;
            break;
        }
        left -= one.weight;
    }
    return static_cast<Seen>(random.Between(static_cast<std::uint64_t>(kFirstLie),
                                            static_cast<std::uint64_t>(kLastLie)));
}

/// How long it lasts, or until what it took is back.
Duration HowLong(Seen fault, Random& random) {
    switch (fault) {
        case Seen::kWorkerKilled:
            return random.Between(Duration(1ms), 1s);
        case Seen::kWorkerDrained:
            return random.Between(Duration(100ms), 4s);
        case Seen::kGatewayKilled:
            return random.Between(Duration(1ms), 500ms);
        case Seen::kWorkerStopped:
        case Seen::kWorkerLoopHangs:
            return random.Between(Duration(10ms), 3s);
        default:
            // Often about as long as silence is borne.
            return random.Chance(30) ? random.Between(Duration(500ms), 710ms)
                                     : random.Between(Duration(10ms), 2s);
    }
}

Action MakeFault(const Plan& plan, Random& random) {
    Action action;
    action.fault = PickFault(random);
    action.gateway = random.Below(plan.gateways);
    action.worker = random.Below(plan.workers);
    action.how_long = HowLong(action.fault, random);
    action.as_before = random.Chance(30);
    return action;
}

}  // namespace

Plan MakePlan(std::uint64_t seed) {
    Random random(seed, Stream::kPlan);
    Plan plan;
    plan.gateways = random.Between(3, 4);
    plan.workers = random.Between(1, 5);
    plan.length = random.Between(Duration(1s), 6s);
    plan.longest_delay = random.Between(Duration(50us), random.Chance(20) ? 100ms : 3ms);
    plan.longest_service = random.Between(Duration(1ms), 2s);
    plan.hang_percent = random.Chance(50) ? 0 : random.Between(1, 3);
    const Duration between_requests = random.Between(Duration(500us), 20ms);
    const Duration between_faults = random.Between(Duration(50ms), 1s);
    const bool calm = random.Chance(10);
    const Duration first = random.Chance(50) ? 100ms : 0ms;

    for (Duration at = first; at < plan.length;
         at += random.Between(Duration(0), between_requests)) {
        const std::size_t burst = random.Chance(1) ? random.Between(10, 100) : 1;
        const std::size_t gateway = random.Below(plan.gateways);
        for (std::size_t i = 0; i < burst; ++i) {
            Action action;
            action.at = at;
            action.gateway = burst > 1 ? gateway : random.Below(plan.gateways);
            action.ask = MakeAsk(random);
            action.begins_burst = burst > 1 && i == 0;
            plan.actions.push_back(action);
        }
    }
    for (Duration at = first; at < plan.length && !calm;
         at += random.Between(Duration(0), between_faults)) {
        Action action = MakeFault(plan, random);
        action.at = at;
        plan.actions.push_back(action);
    }
    std::ranges::stable_sort(plan.actions, {}, &Action::at);
    return plan;
}

std::string Text(const Action& action) {
    const auto ms = [](Duration duration) {
        return std::chrono::duration<double, std::milli>(duration).count();
    };
    std::ostringstream text;
    if (action.ask) {
        text << "gateway " << action.gateway << ": a request for " << kServices[action.ask->service]
             << (action.ask->idempotent ? ", idempotent" : "") << ", timeout "
             << ms(action.ask->timeout) << " ms";
        return text.str();
    }
    text << Name(action.fault) << ": gateway " << action.gateway << ", worker " << action.worker
         << ", " << ms(action.how_long) << " ms";
    return text.str();
}

}  // namespace holdfast::sim
