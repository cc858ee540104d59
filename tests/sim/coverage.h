#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/counters.h"
#include "gateway/core/outcome.h"
#include "worker/core/counters.h"

namespace holdfast::sim {

/// Everything that worlds must have met, beside the ways to end and the product's own counters.
/// Names are in coverage.cpp, in this order.
enum class Seen : std::uint8_t {
    // Faults, as a Plan injects them.
    kWorkerKilled,
    kWorkerStopped,
    kWorkerLoopHangs,
    kWorkerDrained,
    kConnectionBroken,
    kConnectionPartitioned,
    kConnectionHalfOpen,
    kWorkerCutOff,
    kGatewayCutOff,
    kEnvelopeDoubled,
    kGatewayStopped,
    kGatewayKilled,
    kGatewayDrained,
    // Lies of a worker, likewise.
    kLieMalformed,
    kLieForeignSession,
    kLieReplyTwice,
    kLieReplyOfAnother,
    kLieReplyOfNobody,
    kLieOversizedReply,
    kLieShrinkingCredit,
    kLieEndlessCredit,
    kLieReturnOfAnother,
    kLieStartedAll,
    // What comes of itself.
    kEnvelopeDelayed,
    kEnvelopeOvertaken,
    kEnvelopeLost,
    kEnvelopeHeld,
    kPartitionHealed,
    kWorkerRestartedAnew,
    kWorkerRestartedAsBefore,
    kWorkerOfAnotherProtocol,
    kGatewayRestarted,
    kPluginNeverReplies,
    kStartedAfterDeadline,
    // Clients.
    kBurst,
    kSlowReader,
    kGoneBeforeTheBus,
    kGoneWhilePending,
    // A request's way.
    kRefusedByBudget,
    kSentAtOnce,
    kSentAfterWaiting,
    kReturned,
    kSentAgainAfterReturn,
    kRedispatched,
    kRedispatchReplied,
    kRedispatchLostToo,
    kRedispatchTimedOut,
    kDiedWithItsGateway,
    // A session's way.
    kWelcomed,
    kRefused,
    kDraining,
    kDrained,
    kLostConnection,
    kLostSilent,
    kLostHelloAnew,
    kLostConnectedAnew,
    kLostMalformed,
    kLostByCredit,
    kSuspectSpared,
    // A process's way.
    kWorkerDrainDone,
    kWorkerDrainTimedOut,
    kGatewayDrainedEmpty,
    kGatewayDrainedWithRest,
    kCount,
};

inline constexpr Seen kFirstLie = Seen::kLieMalformed;
inline constexpr Seen kLastLie = Seen::kLieStartedAll;

std::string_view Name(Seen seen);

/// Whether the documentation knows this end: see docs/life_of_a_request.md.
bool IsDocumented(gateway::Outcome outcome, gateway::Progress progress);

/// How often each was met, over all worlds: a simulation proves nothing about what it never does.
/// One thread; campaigns merge those of several.
class Coverage {
  public:
    void Count(Seen seen, std::uint64_t amount = 1) {
        seen_[static_cast<std::size_t>(seen)] += amount;
    }
    void CountEnd(gateway::Outcome outcome, gateway::Progress progress) {
        ++ends_[static_cast<std::size_t>(outcome)][static_cast<std::size_t>(progress)];
    }
    void CountAll(const gateway::CounterBlock& counters);
    void CountAll(const worker::Counters& counters);
    void CountWorld(std::uint64_t steps, std::uint64_t requests);
    void Merge(const Coverage& other);

    std::uint64_t operator[](Seen seen) const { return seen_[static_cast<std::size_t>(seen)]; }
    std::uint64_t worlds() const { return worlds_; }
    std::uint64_t requests() const { return requests_; }
    std::uint64_t steps() const { return steps_; }
    std::uint64_t fewest_steps() const { return fewest_steps_; }

    struct Line {
        std::string what;
        std::uint64_t count = 0;
        bool declared = true;  ///< one that must occur; others are shown where they did
    };
    std::vector<Line> Lines() const;

  private:
    static constexpr std::size_t kProgresses = 3;

    std::array<std::uint64_t, static_cast<std::size_t>(Seen::kCount)> seen_{};
    std::array<std::array<std::uint64_t, kProgresses>, gateway::kOutcomeCount> ends_{};
    std::array<std::uint64_t, gateway::kCounterCount> gateway_{};
    std::array<std::uint64_t, worker::kCounterNames.size()> worker_{};
    std::uint64_t worlds_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t fewest_steps_ = ~std::uint64_t{0};
};

}  // namespace holdfast::sim
