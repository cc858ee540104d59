#include "tests/sim/world.h"

#include <iostream>

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

constexpr const char* kServices[] = {"alpha", "beta"};
constexpr Duration kLongestTimeout = 3s;

}  // namespace

World::Shape World::MakeShape(Random& random) {
    Shape shape;
    shape.gateways = random.Between(1, 3);
    shape.workers = random.Between(1, 5);
    shape.length = random.Between(Duration(1s), 6s);
    shape.longest_delay = random.Between(Duration(50us), random.Chance(20) ? 100ms : 3ms);
    shape.between_requests = random.Between(Duration(500us), 20ms);
    shape.between_faults = random.Chance(10) ? Duration(0) : random.Between(Duration(50ms), 1s);
    shape.longest_service = random.Between(Duration(1ms), 2s);
    shape.hang_percent = random.Chance(50) ? 0 : random.Between(1, 3);
    return shape;
}

World::World(std::uint64_t seed, Coverage& coverage, bool trace)
    : coverage_(coverage),
      trace_(trace),
      random_(seed),
      shape_(MakeShape(random_)),
      network_(scheduler_, random_, coverage, shape_.longest_delay),
      ledger_(shape_.gateways, coverage),
      gateways_(shape_.gateways),
      workers_(shape_.workers),
      gateway_returns_(shape_.gateways),
      worker_returns_(shape_.workers) {}

void World::StartGateway(std::size_t index) {
    GatewayNode::Options options;
    options.dispatcher.services = {kServices[0], kServices[1]};
    options.dispatcher.pending_requests = static_cast<std::uint32_t>(random_.Between(20, 400));
    options.dispatcher.queue_requests = random_.Between(1, 100);
    options.dispatcher.queue_bytes = random_.Between(1000, 100'000);
    options.dispatcher.max_peers = static_cast<std::uint32_t>(random_.Between(4, 8));
    options.dispatcher.batch_bytes = random_.Between(500, 65'536);
    options.dispatcher.reply_window = random_.Between(4'000, 4'000'000);
    options.dispatcher.redispatch_rate = static_cast<double>(random_.Between(1, 50));
    options.dispatcher.redispatch_burst = static_cast<double>(random_.Between(1, 100));
    options.dispatcher.seed = random_.Below(~std::uint64_t{0});
    options.inflight = {random_.Between(20, 500), random_.Between(50'000, 1'000'000), 1'000'000};
    options.reply_bytes = random_.Between(200'000, 20'000'000);
    if (gateways_[index]) old_gateways_.push_back(gateways_[index]);
    gateways_[index] =
        std::make_shared<GatewayNode>(index, options, scheduler_, network_, ledger_, coverage_);
    gateways_[index]->Wake();
}

void World::StartWorker(std::size_t index) {
    WorkerNode::Options options;
    options.instance = "worker-" + std::to_string(index) + "-" + std::to_string(++instances_);
    // The first serves everything, so that each service has a worker when all is well.
    if (index == 0 || random_.Chance(70)) options.services.emplace_back(kServices[0]);
    if (index == 0 || options.services.empty() || random_.Chance(70)) {
        options.services.emplace_back(kServices[1]);
    }
    if (index != 0 && !calm_ && random_.Chance(2)) options.protocol = 2;
    options.threads = random_.Between(1, 4);
    options.longest_service = shape_.longest_service;
    options.hang_percent = shape_.hang_percent;
    options.worker.capacity_requests = static_cast<std::uint32_t>(random_.Between(1, 64));
    options.worker.capacity_bytes = random_.Between(1'000, 1'000'000);
    options.worker.drain_timeout = 3s;
    if (workers_[index]) old_workers_.push_back(workers_[index]);
    workers_[index] = std::make_shared<WorkerNode>(
        options, gateways_.size(), scheduler_, random_, network_, ledger_, coverage_,
        [this](std::size_t gateway) { return Connect(gateway); });
    workers_[index]->Start();
}

ConnectionRef World::Connect(std::size_t gateway) {
    if (!gateways_[gateway] || !gateways_[gateway]->alive()) return nullptr;
    ConnectionRef connection = network_.Open(gateway);
    gateways_[gateway]->Accept(connection);
    return connection;
}

GatewayNode::Ask World::MakeAsk() {
    GatewayNode::Ask ask;
    ask.service = static_cast<std::uint32_t>(random_.Below(2));
    ask.idempotent = random_.Chance(50);
    ask.timeout = random_.Between(Duration(1ms), random_.Chance(30) ? 100ms : kLongestTimeout);
    ask.wait_for_worker = random_.Chance(50) ? Duration(0) : random_.Between(Duration(0), 1s);
    ask.body_bytes = random_.Chance(5) ? random_.Below(20'000) : random_.Below(500);
    ask.client_reads_for = random_.Chance(90) ? Duration(0) : random_.Between(Duration(0), 500ms);
    if (random_.Chance(10)) {
        ask.client_leaves_after = random_.Between(Duration(0), random_.Chance(50) ? 5ms : 1s);
    }
    return ask;
}

void World::ClientsGoOn() {
    if (calm_) return;
    const std::size_t burst = random_.Chance(1) ? random_.Between(10, 100) : 1;
    if (burst > 1) coverage_.Count("bursts of requests");
    for (std::size_t i = 0; i < burst; ++i) {
        GatewayNode& gateway = *gateways_[random_.Below(gateways_.size())];
        const GatewayNode::Ask ask = MakeAsk();
        if (gateway.alive()) gateway.Submit(ask);
    }
    scheduler_.After(random_.Between(Duration(0), shape_.between_requests),
                     [this] { ClientsGoOn(); });
}

void World::Happen(const std::string& fault) {
    coverage_.Count("faults: " + fault);
    if (trace_) {
        std::cout << std::chrono::duration<double>(scheduler_.now().time_since_epoch() - 1h).count()
                  << " s  " << fault << '\n';
    }
}

void World::FaultsGoOn() {
    if (calm_ || shape_.between_faults == Duration(0)) return;
    const std::uint64_t dice = random_.Below(100);
    const std::uint64_t kind = random_.Below(100);
    if (kind < 65) {
        HarmSomeWorker(dice);
    } else if (kind < 85) {
        HarmTheNetwork(dice);
    } else {
        HarmSomeGateway(dice);
    }
    scheduler_.After(random_.Between(Duration(0), shape_.between_faults), [this] { FaultsGoOn(); });
}

void World::HarmSomeWorker(std::uint64_t dice) {
    const std::size_t index = random_.Below(workers_.size());
    WorkerNode& worker = *workers_[index];
    if (!worker.alive()) return;
    const Duration pause = random_.Between(Duration(10ms), 3s);
    if (dice < 20) {
        Happen("worker killed");
        worker.Kill();
        RestartWorkerAfter(index, random_.Between(Duration(1ms), 1s));
    } else if (dice < 40) {
        Happen("worker stopped for a while");
        worker.Pause(pause);
    } else if (dice < 50) {
        Happen("worker's loop hangs");
        worker.HangLoop(pause);
    } else if (dice < 60) {
        Happen("worker drained");
        worker.Drain();
        RestartWorkerAfter(index, random_.Between(Duration(100ms), 4s));
    } else {
        worker.TellLie(static_cast<WorkerNode::Lie>(
            random_.Below(static_cast<std::uint64_t>(WorkerNode::Lie::kCount))));
    }
}

void World::HarmTheNetwork(std::uint64_t dice) {
    const auto living = network_.Living();
    if (living.empty()) return;
    const ConnectionRef& connection = living[random_.Below(living.size())];
    if (dice < 50) {
        Happen("connection broken");
        network_.Break(connection);
    } else {
        Happen("connection partitioned for a while");
        network_.Partition(connection, random_.Between(Duration(10ms), 2s));
    }
}

void World::HarmSomeGateway(std::uint64_t dice) {
    const std::size_t index = random_.Below(gateways_.size());
    GatewayNode& gateway = *gateways_[index];
    if (!gateway.alive()) return;
    if (dice < 60) {
        Happen("gateway stopped for a while");
        gateway.Pause(random_.Between(Duration(10ms), 2s));
        return;
    }
    if (dice < 80) {
        Happen("gateway killed");
        gateway.Kill();
    } else {
        Happen("gateway shut down");
        gateway.ShutDown();
    }
    RestartGatewayAfter(index, random_.Between(Duration(1ms), 500ms));
}

void World::RestartWorkerAfter(std::size_t index, Duration delay) {
    if (worker_returns_[index]) return;
    worker_returns_[index] = true;
    scheduler_.After(delay, [this, index] {
        worker_returns_[index] = false;
        if (workers_[index]->alive()) workers_[index]->Kill();
        StartWorker(index);
    });
}

void World::RestartGatewayAfter(std::size_t index, Duration delay) {
    if (gateway_returns_[index]) return;
    gateway_returns_[index] = true;
    scheduler_.After(delay, [this, index] {
        gateway_returns_[index] = false;
        StartGateway(index);
    });
}

void World::Check() const {
    for (const auto& gateway : gateways_) {
        if (gateway->alive()) gateway->Check();
    }
}

void World::RunFor(Duration duration) {
    const TimePoint until = scheduler_.now() + duration;
    while (scheduler_.Step(until)) Check();
}

void World::HealEverything() {
    calm_ = true;
    for (const ConnectionRef& connection : network_.Living()) network_.Heal(connection);
    for (const auto& gateway : gateways_) gateway->Resume();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->Heal();
        const bool well = workers_[i]->serving() && workers_[i]->honest() &&
                          workers_[i]->options().protocol == worker::kProtocolVersion;
        if (well) continue;
        if (workers_[i]->alive()) workers_[i]->Kill();
        RestartWorkerAfter(i, 1ms);
    }
}

void World::CheckRecovery() {
    for (const auto& gateway : gateways_) {
        for (std::uint32_t i = 0; i < 8; ++i) {
            GatewayNode::Ask ask;
            ask.service = i % 2;
            ask.must_succeed = true;
            ask.timeout = 2s;
            gateway->Submit(ask);
            RunFor(500ms);  // one at a time: this asks whether all works, not how much
        }
    }
    RunFor(2s);
}

void World::CheckNothingIsLeft() {
    Require(ledger_.open() == 0, "every request has ended");
    for (const auto& gateway : gateways_) {
        Require(gateway->pending() == 0, "no request is left in a table");
        Require(gateway->reply_bytes_held() == 0, "no reply is left");
    }
    for (const auto& worker : workers_) {
        Require(worker->held() == 0, "no request is left in a worker");
    }
}

void World::CountWhatHappened() {
    const auto count = [&](const GatewayNode& gateway) {
        for (std::size_t i = 0; i < gateway::kCounterCount; ++i) {
            const auto counter = static_cast<gateway::Counter>(i);
            const gateway::CounterInfo& info = Describe(counter);
            if (gateway.counters().Get(counter) == 0) continue;
            coverage_.Count(
                "gateway counted " + std::string(info.metric) + " " + std::string(info.label_value),
                gateway.counters().Get(counter));
        }
    };
    for (const auto& gateway : gateways_) count(*gateway);
    for (const auto& gateway : old_gateways_) count(*gateway);
    const auto count_worker = [&](const WorkerNode& worker) {
        for (std::size_t i = 0; i < worker::kCounterNames.size(); ++i) {
            const std::uint64_t amount = worker.counters()[static_cast<worker::Counter>(i)];
            if (amount == 0) continue;
            coverage_.Count("workers counted " + std::string(worker::kCounterNames[i]), amount);
        }
    };
    for (const auto& worker : workers_) count_worker(*worker);
    for (const auto& worker : old_workers_) count_worker(*worker);
    coverage_.Count("requests", ledger_.size());
}

void World::Print() const {
    for (const auto& gateway : gateways_) gateway->Print(std::cout);
    for (const auto& worker : workers_) worker->Print(std::cout);
}

void World::Run() {
    for (std::size_t i = 0; i < gateways_.size(); ++i) StartGateway(i);
    for (std::size_t i = 0; i < workers_.size(); ++i) StartWorker(i);
    RunFor(random_.Chance(50) ? 100ms : 0ms);
    ClientsGoOn();
    scheduler_.After(random_.Between(Duration(0), shape_.between_faults), [this] { FaultsGoOn(); });
    RunFor(shape_.length);
    HealEverything();
    RunFor(kLongestTimeout + 5s);  // who was refused knocks again after five seconds
    for (const auto& worker : workers_) worker->Heal();
    CheckRecovery();
    CheckNothingIsLeft();
    CountWhatHappened();
}

}  // namespace holdfast::sim
