#include "tests/support/chaos/fault_schedule.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <tuple>

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, kFaultKinds> kNames = {
    "kill worker",   "stop worker",  "drain worker",  "kill gateway", "stop gateway",
    "drain gateway", "stall leg",    "cut leg",       "throttle leg", "corrupt leg",
    "stall clients", "cut requests", "cut responses", "lock database"};

/// Where only one fault can be at a time: kind of target, worker, gateway.
using Place = std::tuple<TargetKind, std::size_t, std::size_t>;

Place PlaceOf(const Fault& fault) {
    const TargetKind kind = TargetOf(fault.kind);
    switch (kind) {
        case TargetKind::kWorker:
            return {kind, fault.worker, 0};
        case TargetKind::kGateway:
        case TargetKind::kClients:
            return {kind, 0, fault.gateway};
        case TargetKind::kLeg:
            return {kind, fault.worker, fault.gateway};
        case TargetKind::kDatabase:
            return {kind, 0, 0};
    }
    return {};
}

/// The only source of chance.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
    milliseconds Between(int low, int high) {
        return milliseconds(low + static_cast<int>(Below(static_cast<std::uint64_t>(high - low))));
    }
    /// Not std::shuffle, whose result differs between libraries.
    void Shuffle(std::vector<FaultKind>& kinds) {
        for (std::size_t i = kinds.size(); i > 1; --i) std::swap(kinds[i - 1], kinds[Below(i)]);
    }

  private:
    std::mt19937_64 engine_;
};

std::vector<FaultKind> Kinds(const FaultTargets& targets) {
    std::vector<FaultKind> kinds;
    for (std::size_t i = 0; i < kFaultKinds; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        if (kind != FaultKind::kCorruptLeg || targets.corruptible) kinds.push_back(kind);
    }
    return kinds;
}

}  // namespace

std::string_view Name(FaultKind kind) {
    return kNames[static_cast<std::size_t>(kind)];
}

TargetKind TargetOf(FaultKind kind) {
    if (kind <= FaultKind::kDrainWorker) return TargetKind::kWorker;
    if (kind <= FaultKind::kDrainGateway) return TargetKind::kGateway;
    if (kind <= FaultKind::kCorruptLeg) return TargetKind::kLeg;
    if (kind <= FaultKind::kCutResponses) return TargetKind::kClients;
    return TargetKind::kDatabase;
}

std::string ToText(const Fault& fault) {
    std::string text = "at " + std::to_string(fault.at.count()) + " ms for " +
                       std::to_string(fault.lasts.count()) +
                       " ms: " + std::string(Name(fault.kind));
    const TargetKind target = TargetOf(fault.kind);
    if (target == TargetKind::kWorker || target == TargetKind::kLeg) {
        text += ", worker " + std::to_string(fault.worker);
    }
    if (target == TargetKind::kGateway || target == TargetKind::kLeg ||
        target == TargetKind::kClients) {
        text += ", gateway " + std::to_string(fault.gateway);
    }
    return text;
}

std::vector<Fault> MakeSchedule(std::uint64_t seed, milliseconds length,
                                const FaultTargets& targets) {
    Dice dice(seed);
    std::vector<Fault> schedule;
    std::vector<FaultKind> bag;
    // Until when.
    std::map<Place, milliseconds> taken;
    for (milliseconds at = dice.Between(100, 600); at < length; at += dice.Between(100, 600)) {
        if (bag.empty()) {
            bag = Kinds(targets);
            dice.Shuffle(bag);
        }
        Fault fault{.kind = bag.back(),
                    .at = at,
                    .lasts = dice.Between(150, 2000),
                    .worker = dice.Below(targets.workers),
                    .gateway = dice.Below(targets.gateways)};
        fault.lasts = std::min(fault.lasts, length - at);
        milliseconds& until = taken[PlaceOf(fault)];
        if (until > at) continue;  // the same kind on another target, a moment later
        bag.pop_back();
        // A process needs a moment to be back before it is hit again.
        until = at + fault.lasts + milliseconds(500);
        schedule.push_back(fault);
    }
    return schedule;
}

}  // namespace holdfast::testing
