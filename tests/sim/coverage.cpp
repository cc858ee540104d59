#include "tests/sim/coverage.h"

#include <algorithm>

namespace holdfast::sim {

using gateway::Outcome;
using gateway::Progress;

namespace {

constexpr std::array kNames = std::to_array<std::string_view>({
    "fault: a worker is killed",
    "fault: a worker is stopped for a while",
    "fault: a worker's loop hangs for a while",
    "fault: a worker drains",
    "fault: a connection breaks",
    "fault: a connection is partitioned for a while",
    "fault: a connection is partitioned in one direction",
    "fault: a worker is cut off from every gateway",
    "fault: a gateway is cut off from every worker",
    "fault: an envelope comes twice",
    "fault: a gateway is stopped for a while",
    "fault: a gateway is killed",
    "fault: a gateway drains",
    "lie: an envelope that cannot be parsed",
    "lie: another session's number",
    "lie: a reply twice",
    "lie: a reply to another worker's request",
    "lie: a reply to a request that never was",
    "lie: a reply above every limit",
    "lie: credit that shrinks",
    "lie: credit without end",
    "lie: another worker's request handed back",
    "lie: everything is said to be started",
    "network: an envelope took longer than a tick",
    "network: an envelope was overtaken on another connection",
    "network: an envelope was lost with its connection",
    "network: an envelope was held by a partition",
    "network: a partition healed",
    "worker: restarted as a new instance",
    "worker: restarted under the same name",
    "worker: speaks another protocol",
    "gateway: restarted",
    "plugin: never replies",
    "plugin: started after the deadline, before the cancel came",
    "client: a burst of requests",
    "client: reads its answer slowly",
    "client: gone before the bus thread saw its request",
    "client: gone while its request was pending",
    "request: refused by the budget",
    "request: sent in the turn of its arrival",
    "request: sent after it had waited",
    "request: handed back unstarted",
    "request: sent again after it was handed back",
    "request: redispatched",
    "request: replied after its redispatch",
    "request: lost with its second worker too",
    "request: timed out after its redispatch",
    "request: died with its gateway",
    "session: welcomed",
    "session: refused",
    "session: draining",
    "session: drained",
    "session: lost, connection lost",
    "session: lost, silent",
    "session: lost, said Hello anew",
    "session: lost, connected anew",
    "session: lost, malformed envelope",
    "session: lost, malformed credit",
    "session: suspected, then spared",
    "worker: drained in time",
    "worker: its drain timed out",
    "gateway: drained with nothing left",
    "gateway: its drain's time was over before all had ended",
});
static_assert(kNames.size() == static_cast<std::size_t>(Seen::kCount));

struct End {
    Outcome outcome;
    Progress progress;
};
constexpr End kEnds[] = {
    {Outcome::kReplied, Progress::kSent},          {Outcome::kReplied, Progress::kStarted},
    {Outcome::kUnavailable, Progress::kNeverSent}, {Outcome::kUnavailable, Progress::kSent},
    {Outcome::kOverloaded, Progress::kNeverSent},  {Outcome::kNoWorker, Progress::kNeverSent},
    {Outcome::kTimedOut, Progress::kNeverSent},    {Outcome::kTimedOut, Progress::kSent},
    {Outcome::kTimedOut, Progress::kStarted},      {Outcome::kWorkerLost, Progress::kSent},
    {Outcome::kWorkerLost, Progress::kStarted},    {Outcome::kWorkerError, Progress::kSent},
    {Outcome::kWorkerError, Progress::kStarted},   {Outcome::kShuttingDown, Progress::kNeverSent},
    {Outcome::kShuttingDown, Progress::kSent},     {Outcome::kShuttingDown, Progress::kStarted},
    {Outcome::kCancelled, Progress::kNeverSent},   {Outcome::kCancelled, Progress::kSent},
    {Outcome::kCancelled, Progress::kStarted},
};

/// What the core of a gateway counts; the rest counts what only sockets and sessions do.
constexpr gateway::Counter kGatewayCounters[] = {
    gateway::Counter::kOverloadedTable,   gateway::Counter::kOverloadedQueue,
    gateway::Counter::kOverloadedDelay,   gateway::Counter::kOverloadedDeadline,
    gateway::Counter::kRequestsSent,      gateway::Counter::kCancelsSent,
    gateway::Counter::kRepliesReceived,   gateway::Counter::kRepliesLate,
    gateway::Counter::kRepliesDuplicate,  gateway::Counter::kRepliesUnknown,
    gateway::Counter::kRepliesNotOwner,   gateway::Counter::kReturnsReceived,
    gateway::Counter::kReturnsStale,      gateway::Counter::kItemsOfOtherSession,
    gateway::Counter::kRedispatches,      gateway::Counter::kRedispatchesRefused,
    gateway::Counter::kWorkersWelcomed,   gateway::Counter::kWorkersRefused,
    gateway::Counter::kWorkersLost,       gateway::Counter::kWorkersDrained,
    gateway::Counter::kSendsFull,         gateway::Counter::kSendsUnreachable,
    gateway::Counter::kMalformedEnvelope, gateway::Counter::kMalformedCredit,
    gateway::Counter::kMalformedReply,
};

/// A contract that our gateways never break towards a worker: nothing to be met in a world.
constexpr worker::Counter kNeverInAWorld[] = {
    worker::Counter::kReturnedDraining,
    worker::Counter::kReturnedNoService,
    worker::Counter::kDuplicateIds,
};

std::string Text(const gateway::CounterInfo& info) {
    std::string text = "gateway counted " + std::string(info.metric);
    if (!info.label_value.empty()) text += " " + std::string(info.label_value);
    return text;
}

}  // namespace

std::string_view Name(Seen seen) {
    return kNames.at(static_cast<std::size_t>(seen));
}

bool IsDocumented(Outcome outcome, Progress progress) {
    return std::ranges::any_of(
        kEnds, [&](const End& end) { return end.outcome == outcome && end.progress == progress; });
}

void Coverage::CountAll(const gateway::CounterBlock& counters) {
    for (std::size_t i = 0; i < gateway::kCounterCount; ++i) {
        gateway_[i] += counters.Get(static_cast<gateway::Counter>(i));
    }
}

void Coverage::CountAll(const worker::Counters& counters) {
    for (std::size_t i = 0; i < worker_.size(); ++i) {
        worker_[i] += counters[static_cast<worker::Counter>(i)];
    }
}

void Coverage::CountWorld(std::uint64_t steps, std::uint64_t requests) {
    ++worlds_;
    requests_ += requests;
    steps_ += steps;
    fewest_steps_ = std::min(fewest_steps_, steps);
}

void Coverage::Merge(const Coverage& other) {
    const auto add = [](auto& to, const auto& from) {
        std::ranges::transform(to, from, to.begin(), std::plus<>());
    };
    add(seen_, other.seen_);
    for (std::size_t i = 0; i < ends_.size(); ++i) add(ends_[i], other.ends_[i]);
    add(gateway_, other.gateway_);
    add(worker_, other.worker_);
    worlds_ += other.worlds_;
    requests_ += other.requests_;
    steps_ += other.steps_;
    fewest_steps_ = std::min(fewest_steps_, other.fewest_steps_);
}

std::vector<Coverage::Line> Coverage::Lines() const {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        lines.push_back({std::string(kNames.at(i)), seen_[i]});
    }
    for (const End& end : kEnds) {
        lines.push_back(
            {"end: " + std::string(Name(end.outcome)) + ", processed " +
                 std::string(Name(end.progress)),
             ends_[static_cast<std::size_t>(end.outcome)][static_cast<std::size_t>(end.progress)]});
    }
    for (std::size_t i = 0; i < gateway_.size(); ++i) {
        const auto counter = static_cast<gateway::Counter>(i);
        const bool declared =
            std::ranges::find(kGatewayCounters, counter) != std::end(kGatewayCounters);
        if (!declared && gateway_[i] == 0) continue;
        lines.push_back({Text(gateway::Describe(counter)), gateway_[i], declared});
    }
    for (std::size_t i = 0; i < worker_.size(); ++i) {
        const bool declared = std::ranges::find(kNeverInAWorld, static_cast<worker::Counter>(i)) ==
                              std::end(kNeverInAWorld);
        if (!declared && worker_[i] == 0) continue;
        lines.push_back(
            {"worker counted " + std::string(worker::kCounterNames.at(i)), worker_[i], declared});
    }
    return lines;
}

}  // namespace holdfast::sim
