#include "tests/support/chaos/fleet.h"

#include <signal.h>

#include <cstdlib>
#include <stdexcept>

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// As docs/worker.md has it: what was unfinished was cancelled.
constexpr int kDrainTimedOut = 3;

LinkBehaviour BehaviourOf(FaultKind kind) {
    switch (kind) {
        case FaultKind::kStallLeg:
        case FaultKind::kStallClients:
            return {.stalled = true};
        case FaultKind::kCutLeg:
            return {.cut_forth_within = 8'000, .cut_back_within = 8'000};
        case FaultKind::kThrottleLeg:
            return {.bytes_per_second = 4'000};
        case FaultKind::kCorruptLeg:
            return {.corrupt_one_in = 200};
        case FaultKind::kCutRequests:
            return {.cut_forth_within = 1'500};
        case FaultKind::kCutResponses:
            return {.cut_back_within = 2'500};
        default:
            return {};
    }
}

void Run(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

}  // namespace

Fleet::Fleet(const FleetOptions& options) : options_(options), next_seed_(options.seed) {
    for (std::size_t i = 0; i < options_.gateways; ++i) {
        gateways_.push_back(std::make_unique<Stack>(options_.config));
        gateway_expected_.push_back(false);
        entrances_.push_back(
            std::make_unique<TcpProxy>(FreePort(), gateways_[i]->ports().data, next_seed_++));
    }
    if (options_.encrypted) MakeKeys();
    for (std::size_t i = 0; i < options_.order_workers; ++i) {
        AddWorker("orders", OrdersOptions(database(), 2));
    }
    for (std::size_t i = 0; i < options_.witness_workers; ++i) {
        AddWorker("trouble", {"--threads", "2", "--plugin-config", journal()});
    }
}

void Fleet::MakeKeys() {
    const fs::path keys = directory() / "keys";
    fs::create_directories(keys / "known");
    const std::string keygen =
        std::string(HOLDFAST_BIN_DIR) + "/holdfastctl keygen --dir '" + keys.string() + "' ";
    Run(keygen + "gateway >/dev/null");
    Run(keygen + "worker >/dev/null");
    fs::copy_file(keys / "worker.key", keys / "known" / "worker.key");
}

void Fleet::AddWorker(const std::string& plugin, std::vector<std::string> options) {
    options.insert(options.end(), {"--drain-timeout", "5s"});
    const fs::path keys = directory() / "keys";
    if (options_.encrypted) {
        options.insert(options.end(), {"--curve-key", keys / "worker.key_secret",
                                       "--curve-gateway-key", keys / "gateway.key"});
    }
    Worker& worker = workers_.emplace_back();
    worker.plugin = plugin;
    worker.options = std::move(options);
    for (const auto& gateway : gateways_) {
        worker.legs.push_back(
            std::make_unique<TcpProxy>(FreePort(), gateway->ports().bus, next_seed_++));
    }
}

fs::path Fleet::LogOf(std::size_t worker) const {
    return directory() / ("worker-" + std::to_string(worker) + ".log");
}

void Fleet::StartWorker(std::size_t index) {
    Worker& worker = workers_.at(index);
    std::vector<std::string> endpoints;
    for (const auto& leg : worker.legs) endpoints.push_back(Endpoint(leg->port()));
    worker.process.reset();
    worker.process = std::make_unique<Process>(
        WorkerCommand(worker.plugin, endpoints, worker.options), LogOf(index));
    worker.expected = true;
}

void Fleet::StartGateway(std::size_t index) {
    std::map<std::string, std::string> environment;
    if (options_.encrypted) {
        const fs::path keys = directory() / "keys";
        environment = {{"HOLDFAST_BUS_CURVE_SECRET_KEY", keys / "gateway.key_secret"},
                       {"HOLDFAST_BUS_CURVE_WORKERS", keys / "known"}};
    }
    gateways_.at(index)->StartGateway(environment);
    gateway_expected_.at(index) = true;
}

void Fleet::Start() {
    for (std::size_t i = 0; i < gateways_.size(); ++i) StartGateway(i);
    for (std::size_t i = 0; i < workers_.size(); ++i) StartWorker(i);
    if (!Heal(seconds(60) * SlowFactor())) {
        throw std::runtime_error("the fleet did not start:\n" + gateway(0).gateway().Output() +
                                 workers_.front().process->Output());
    }
}

FaultTargets Fleet::targets() const {
    return {.gateways = gateways_.size(),
            .workers = workers_.size(),
            .corruptible = options_.encrypted};
}

bool Fleet::Begin(const Fault& fault) {
    Inspect();
    Worker& worker = workers_.at(fault.worker);
    const TargetKind target = TargetOf(fault.kind);
    if (target == TargetKind::kWorker && !worker.expected) return false;
    if (target == TargetKind::kGateway && !gateway_expected_.at(fault.gateway)) return false;
    Process& gateway = gateways_.at(fault.gateway)->gateway();
    switch (fault.kind) {
        case FaultKind::kKillWorker:
        case FaultKind::kDrainWorker:
            worker.expected = false;
            worker.process->Signal(fault.kind == FaultKind::kKillWorker ? SIGKILL : SIGTERM);
            break;
        case FaultKind::kStopWorker:
            worker.process->Signal(SIGSTOP);
            break;
        case FaultKind::kKillGateway:
        case FaultKind::kDrainGateway:
            gateway_expected_.at(fault.gateway) = false;
            gateway.Signal(fault.kind == FaultKind::kKillGateway ? SIGKILL : SIGTERM);
            break;
        case FaultKind::kStopGateway:
            gateway.Signal(SIGSTOP);
            break;
        case FaultKind::kStallLeg:
        case FaultKind::kCutLeg:
        case FaultKind::kThrottleLeg:
        case FaultKind::kCorruptLeg:
            Leg(fault).Behave(BehaviourOf(fault.kind));
            break;
        case FaultKind::kStallClients:
        case FaultKind::kCutRequests:
        case FaultKind::kCutResponses:
            Clients(fault).Behave(BehaviourOf(fault.kind));
            break;
        case FaultKind::kLockDatabase:
            try {
                lock_ = std::make_unique<DatabaseLock>(database());
            } catch (const std::runtime_error&) {
                // A worker that was stopped amid its transaction holds it, which is the same fault.
            }
            break;
    }
    return true;
}

bool Fleet::End(const Fault& fault) {
    Worker& worker = workers_.at(fault.worker);
    Stack& gateway = *gateways_.at(fault.gateway);
    switch (fault.kind) {
        case FaultKind::kDrainWorker:
            if (!Drained(*worker.process, "worker " + std::to_string(fault.worker), true)) {
                return false;
            }
            StartWorker(fault.worker);
            break;
        case FaultKind::kKillWorker:
            StartWorker(fault.worker);
            break;
        case FaultKind::kStopWorker:
            worker.process->Signal(SIGCONT);
            break;
        case FaultKind::kDrainGateway:
            if (!Drained(gateway.gateway(), "gateway " + std::to_string(fault.gateway), false)) {
                return false;
            }
            StartGateway(fault.gateway);
            break;
        case FaultKind::kKillGateway:
            StartGateway(fault.gateway);
            break;
        case FaultKind::kStopGateway:
            gateway.gateway().Signal(SIGCONT);
            break;
        case FaultKind::kStallLeg:
        case FaultKind::kCutLeg:
        case FaultKind::kThrottleLeg:
        case FaultKind::kCorruptLeg:
            Leg(fault).Behave();
            break;
        case FaultKind::kStallClients:
        case FaultKind::kCutRequests:
        case FaultKind::kCutResponses:
            Clients(fault).Behave();
            break;
        case FaultKind::kLockDatabase:
            lock_.reset();
            break;
    }
    return true;
}

bool Fleet::Drained(Process& process, const std::string& name, bool amid_faults) {
    if (process.Running()) return false;
    const int code = process.Wait(milliseconds(0)).value_or(-1);
    // Amid faults its legs may be stalled, or it is so young that it has no handler yet.
    const bool excused = amid_faults && (code == kDrainTimedOut || code == 128 + SIGTERM);
    if (code != 0 && !excused) {
        troubles_.push_back(name + " drained with the exit code " + std::to_string(code) + ":\n" +
                            process.Output());
    }
    return true;
}

void Fleet::Inspect() {
    const auto look = [this](Process& process, const std::string& name) {
        if (process.Running()) return true;
        troubles_.push_back(name + " ended by itself with " +
                            std::to_string(process.Wait(milliseconds(0)).value_or(-1)) + ":\n" +
                            process.Output());
        return false;
    };
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        Worker& worker = workers_[i];
        if (!worker.expected || look(*worker.process, "worker " + std::to_string(i))) continue;
        StartWorker(i);
    }
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
        if (!gateway_expected_[i]) continue;
        if (!look(gateways_[i]->gateway(), "gateway " + std::to_string(i))) StartGateway(i);
    }
}

bool Fleet::Heal(milliseconds patience) {
    for (const auto& entrance : entrances_) entrance->Behave();
    for (const Worker& worker : workers_) {
        for (const auto& leg : worker.legs) leg->Behave();
    }
    Inspect();
    const auto until = std::chrono::steady_clock::now() + patience;
    for (const auto& gateway : gateways_) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
        if (!gateway->WaitForWorkers(workers_.size(), left)) return false;
    }
    return true;
}

bool Fleet::Drain(milliseconds patience) {
    const std::size_t before = troubles_.size();
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
        gateways_[i]->gateway().Signal(SIGTERM);
    }
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
        gateways_[i]->gateway().Wait(patience);
        if (!Drained(gateways_[i]->gateway(), "gateway " + std::to_string(i), false)) return false;
        gateway_expected_[i] = false;
    }
    for (Worker& worker : workers_) {
        worker.expected = false;
        worker.process->Signal(SIGTERM);
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i].process->Wait(patience);
        if (!Drained(*workers_[i].process, "worker " + std::to_string(i), false)) return false;
    }
    return troubles_.size() == before;
}

std::vector<std::uint16_t> Fleet::entrances() const {
    std::vector<std::uint16_t> ports;
    for (const auto& entrance : entrances_) ports.push_back(entrance->port());
    return ports;
}

void Fleet::KeepDirectories() {
    for (const auto& gateway : gateways_) gateway->KeepDirectory();
}

LinkCounts Fleet::legs() const {
    LinkCounts sum;
    for (const Worker& worker : workers_) {
        for (const auto& leg : worker.legs) {
            const LinkCounts counts = leg->counts();
            sum.connections += counts.connections;
            sum.cut += counts.cut;
            sum.corrupted += counts.corrupted;
        }
    }
    return sum;
}

}  // namespace holdfast::testing
