#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::testing {

/// What can be done to a fleet. Each has an end: what was killed is started again, what was stopped
/// goes on, the link is healed.
enum class FaultKind : std::uint8_t {
    kKillWorker,    ///< SIGKILL, and a new process at the end
    kStopWorker,    ///< SIGSTOP, SIGCONT
    kDrainWorker,   ///< SIGTERM, and a new process when it has ended
    kKillGateway,   ///< as for a worker
    kStopGateway,   ///< as for a worker
    kDrainGateway,  ///< as for a worker
    kStallLeg,      ///< the link between a worker and a gateway moves nothing
    kCutLeg,        ///< it is reset after some bytes, again and again
    kThrottleLeg,   ///< it moves a few KiB a second
    kCorruptLeg,    ///< bits of it flip
    kStallClients,  ///< the link between the clients and a gateway moves nothing
    kCutRequests,   ///< it is reset within requests
    kCutResponses,  ///< it is reset within responses
    kLockDatabase,  ///< somebody else holds the orders database's write lock
};
inline constexpr std::size_t kFaultKinds = 14;
std::string_view Name(FaultKind kind);

enum class TargetKind : std::uint8_t { kWorker, kGateway, kLeg, kClients, kDatabase };
TargetKind TargetOf(FaultKind kind);

struct Fault {
    FaultKind kind = FaultKind::kKillWorker;
    std::chrono::milliseconds at{};  ///< since the begin of the schedule
    std::chrono::milliseconds lasts{};
    std::size_t worker = 0;   ///< whose process or leg
    std::size_t gateway = 0;  ///< whose process, leg or clients
};
std::string ToText(const Fault& fault);

/// What a schedule is made for.
struct FaultTargets {
    std::size_t gateways = 0;
    std::size_t workers = 0;
    /// A plain leg has no checksum of its own: what is flipped there arrives as something else.
    bool corruptible = false;
};

/// Faults in order of time, the same for the same seed on every machine. Several are on at once, at
/// most one on a process or link. Every kind occurs before any does so again.
std::vector<Fault> MakeSchedule(std::uint64_t seed, std::chrono::milliseconds length,
                                const FaultTargets& targets);

}  // namespace holdfast::testing
