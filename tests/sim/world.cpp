#include "tests/sim/world.h"

#include <algorithm>
#include <ostream>

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

/// Alone, one after the other: this asks whether all works, not how much.
constexpr std::uint64_t kRecoveryRounds = 8;
constexpr std::uint64_t kFewestPeers = 4;  ///< that a gateway takes

}  // namespace

World::World(const Trial& trial, const Plan& plan, Coverage& coverage, std::ostream* trace_to)
    : trial_(trial),
      plan_(plan),
      stage_(trial.seed, plan.gateways, plan.longest_delay, coverage, trace_to),
      gateway_starts_(plan.gateways),
      worker_starts_(plan.workers),
      gateways_(plan.gateways),
      workers_(plan.workers),
      gateway_returns_(plan.gateways),
      worker_returns_(plan.workers) {}

void World::StartGateway(std::size_t index) {
    Random random(stage_.seed, Stream::kGateway, index, ++gateway_starts_[index]);
    GatewayNode::Options options;
    options.dispatcher.services = {kServices[0], kServices[1]};
    options.dispatcher.pending_requests = static_cast<std::uint32_t>(random.Between(20, 400));
    options.dispatcher.queue_requests = random.Between(1, 100);
    options.dispatcher.queue_bytes = random.Between(1000, 100'000);
    if (random.Chance(75)) {
        options.dispatcher.queue_delay = {random.Between(Duration(1ms), 20ms),
                                          random.Between(Duration(20ms), 200ms)};
    }
    options.dispatcher.refuse_hopeless = random.Chance(75);
    options.dispatcher.concurrency.adaptive = random.Chance(60);
    if (random.Chance(30)) {
        options.dispatcher.concurrency.most = static_cast<std::uint32_t>(random.Between(1, 64));
    }
    options.dispatcher.max_peers = static_cast<std::uint32_t>(random.Between(kFewestPeers, 8));
    options.dispatcher.batch_bytes = random.Between(500, 65'536);
    options.dispatcher.reply_window = random.Between(4'000, 4'000'000);
    options.dispatcher.redispatch_rate = static_cast<double>(random.Between(1, 50));
    options.dispatcher.redispatch_burst = static_cast<double>(random.Between(1, 100));
    options.dispatcher.seed = random.Next();
    options.inflight = {random.Between(20, 500), random.Between(50'000, 1'000'000), 1'000'000};
    options.envelopes_in_turn = random.Between(1, 8);
    options.reply_bytes = random.Between(200'000, 20'000'000);
    if (gateways_[index]) {
        stage_.coverage.Count(Seen::kGatewayRestarted);
        old_gateways_.push_back(gateways_[index]);
    }
    gateways_[index] = std::make_shared<GatewayNode>(index, options, stage_);
    gateways_[index]->Wake();
}

void World::StartWorker(std::size_t index, bool as_before) {
    Random random(stage_.seed, Stream::kWorker, index, ++worker_starts_[index]);
    WorkerNode::Options options;
    options.instance =
        "worker " + std::to_string(index) + " start " + std::to_string(worker_starts_[index]);
    options.index = index;
    options.start = worker_starts_[index];
    // The first serves everything, so that each service has a worker when all is well; where a
    // gateway may have no place for the first, every one does.
    const bool everything = index == 0 || plan_.workers > kFewestPeers;
    if (everything || random.Chance(70)) options.services.emplace_back(kServices[0]);
    if (everything || options.services.empty() || random.Chance(70)) {
        options.services.emplace_back(kServices[1]);
    }
    if (index != 0 && !calm_ && random.Chance(2)) ++options.protocol;
    options.threads = random.Between(1, 4);
    options.longest_service = plan_.longest_service;
    options.hang_percent = plan_.hang_percent;
    options.worker.capacity_requests = static_cast<std::uint32_t>(random.Between(1, 64));
    options.worker.capacity_bytes = random.Between(1'000, 1'000'000);
    options.worker.drain_timeout = random.Between(Duration(200ms), 3s);
    if (workers_[index]) {
        stage_.coverage.Count(as_before ? Seen::kWorkerRestartedAsBefore
                                        : Seen::kWorkerRestartedAnew);
        if (as_before) options.instance = workers_[index]->options().instance;
        old_workers_.push_back(workers_[index]);
    }
    workers_[index] = std::make_shared<WorkerNode>(
        options, gateways_.size(), stage_,
        [this, index](std::size_t gateway) { return Connect(gateway, index); });
    workers_[index]->Start();
}

ConnectionRef World::Connect(std::size_t gateway, std::size_t worker) {
    if (!gateways_[gateway] || !gateways_[gateway]->alive()) return nullptr;
    ConnectionRef connection = stage_.network.Open(gateway, worker);
    gateways_[gateway]->Accept(connection);
    return connection;
}

void World::Check() const {
    for (const auto& gateway : gateways_) {
        if (gateway && gateway->alive()) gateway->Check();
    }
    for (const auto& worker : workers_) {
        if (worker && worker->alive()) worker->Check();
    }
}

void World::RunFor(Duration duration) {
    const TimePoint until = stage_.scheduler.now() + duration;
    while (stage_.scheduler.Step(until)) Check();
}

void World::HealEverything() {
    calm_ = true;
    for (const ConnectionRef& connection : stage_.network.Living()) {
        stage_.network.Heal(connection);
    }
    for (const auto& gateway : gateways_) {
        if (gateway) gateway->Resume();
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (!workers_[i]) continue;
        workers_[i]->Heal();
        const bool well = workers_[i]->serving() && workers_[i]->honest() &&
                          workers_[i]->options().protocol == worker::kProtocolVersion;
        if (well) continue;
        if (workers_[i]->alive()) workers_[i]->Kill();
        RestartWorkerAfter(i, 1ms, false);
    }
}

void World::CheckRecovery() {
    // Without the worker that serves everything there may be nobody to answer.
    const bool served = !trial_.without_workers.contains(0);
    std::uint64_t number = plan_.actions.size();
    for (std::uint32_t round = 0; round < kRecoveryRounds && served; ++round) {
        for (const auto& gateway : gateways_) {
            if (!gateway) continue;
            Ask ask;
            ask.service = round % 2;
            ask.must_succeed = true;
            ask.timeout = 2s;
            gateway->Submit(number++, ask);
        }
        RunFor(500ms);
    }
    RunFor(2s);
}

void World::CheckCredit(const WorkerNode& worker) const {
    const std::vector<WorkerNode::Rest> sessions = worker.Sessions();
    for (const WorkerNode::Rest& rest : sessions) {
        const auto share = [&](std::uint64_t capacity) {
            return std::max<std::uint64_t>(1, capacity / sessions.size());
        };
        Require(rest.requests >= share(worker.options().worker.capacity_requests) &&
                    rest.bytes >= share(worker.options().worker.capacity_bytes),
                Promise::kCreditIsBack, worker.options().instance, " grants gateway ", rest.gateway,
                " only ", rest.requests, " requests and ", rest.bytes, " bytes of ",
                worker.options().worker.capacity_requests, " and ",
                worker.options().worker.capacity_bytes);
        const auto left = gateways_[rest.gateway]->LeftIn(rest.session);
        Require(left.has_value(), Promise::kCreditIsBack, worker.options().instance,
                " is in a session that gateway ", rest.gateway, " does not know");
        Require(left->requests == rest.requests && left->bytes == rest.bytes &&
                    left->reply_bytes == rest.reply_bytes,
                Promise::kCreditIsBack, worker.options().instance, " and gateway ", rest.gateway,
                " count ", rest.requests, " and ", left->requests, " requests, ", rest.bytes,
                " and ", left->bytes, " bytes, ", rest.reply_bytes, " and ", left->reply_bytes,
                " bytes of replies");
    }
}

void World::CheckNothingIsLeft() const {
    Require(stage_.ledger.open() == 0, Promise::kNothingIsLeft, stage_.ledger.open(),
            " requests have not ended");
    for (const auto& gateway : gateways_) {
        if (gateway) gateway->CheckNothingIsLeft();
    }
    for (const auto& worker : workers_) {
        if (!worker) continue;
        Require(worker->held() == 0, Promise::kNothingIsLeft, worker->options().instance, " holds ",
                worker->held());
        CheckCredit(*worker);
    }
}

void World::CountWhatHappened() {
    for (const auto& nodes : {gateways_, old_gateways_}) {
        for (const auto& gateway : nodes) {
            if (gateway) stage_.coverage.CountAll(gateway->counters());
        }
    }
    for (const auto& nodes : {workers_, old_workers_}) {
        for (const auto& worker : nodes) {
            if (worker) stage_.coverage.CountAll(worker->counters());
        }
    }
    stage_.coverage.CountWorld(steps(), stage_.ledger.opened());
}

void World::Print(std::ostream& to) const {
    for (const auto& gateway : gateways_) {
        if (gateway) gateway->Print(to);
    }
    for (const auto& worker : workers_) {
        if (worker) worker->Print(to);
    }
}

void World::Run() {
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
        if (!trial_.without_gateways.contains(i)) StartGateway(i);
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (!trial_.without_workers.contains(i)) StartWorker(i, false);
    }
    ActionsGoOn();
    RunFor(plan_.length);
    while (trial_.whole() && steps() < kFewestSteps) RunFor(100ms);
    HealEverything();
    RunFor(kLongestTimeout + 5s);  // who was refused knocks again after five seconds
    for (const auto& worker : workers_) {
        if (worker) worker->Heal();
    }
    CheckRecovery();
    CheckNothingIsLeft();
    CountWhatHappened();
}

}  // namespace holdfast::sim
