#include "tests/sim/invariants.h"

namespace holdfast::sim {

using namespace std::chrono_literals;
using gateway::Outcome;
using gateway::Progress;

namespace {

/// Of the wheel, and of a turn that comes a moment after the one that a timer asked for.
constexpr Duration kAllowedDelay = std::chrono::microseconds(1010);

}  // namespace

void Require(bool condition, const std::string& promise) {
    if (!condition) throw Violation(promise);
}

std::uint64_t Ledger::Open(const Terms& terms) {
    const std::uint64_t number = entries_.size();
    entries_.push_back({.terms = terms, .sent = {}});
    open_.insert(number);
    Alive& alive = alive_[terms.gateway];
    ++alive.requests;
    alive.bytes += terms.bytes;
    alive.deadlines.insert(terms.deadline);
    return number;
}

void Ledger::OnSent(std::uint64_t number, std::uint64_t session, gateway::CorrelationId id,
                    std::uint32_t attempt) {
    Entry& entry = entries_[number];
    Require(!entry.completed, "a request is not sent after its end");
    entry.sent = {session, id, attempt};
}

void Ledger::OnStarted(std::uint64_t number, TimePoint now) {
    Entry& entry = entries_[number];
    ++entry.starts;
    // Clocks are not compared, so time spent on the way counts for nothing until the cancel comes.
    if (now >= entry.terms.deadline) coverage_.Count("requests started after their deadline");
    Require(entry.starts <= (entry.terms.idempotent ? 2U : 1U),
            entry.terms.idempotent ? "a request is redispatched once"
                                   : "a request that is not idempotent is started once");
    Require(!entry.not_processed, "what a client was told was not processed is never started");
}

void Ledger::OnCompleted(const gateway::Completion& completion, TimePoint now, TimePoint latest) {
    const std::uint64_t number = std::stoull(completion.deferred->request.target);
    Entry& entry = entries_.at(number);
    Require(!entry.completed, "a request is completed once");
    entry.completed = true;
    coverage_.Count("outcome " + std::string(Name(completion.outcome)) + ", processed " +
                    std::string(Name(completion.progress)));
    Require(now <= std::max(entry.terms.deadline, latest) + kAllowedDelay,
            "a request is completed by its deadline");
    Require(completion.outcome != Outcome::kTimedOut || now > entry.terms.deadline - 1ms,
            "no request times out early");
    if (completion.outcome == Outcome::kReplied) {
        Require(completion.reply.body == completion.deferred->request.target,
                "a request is completed with its own reply");
    } else {
        entry.not_processed = completion.progress == Progress::kNeverSent;
    }
    // A worker says itself that it did not process what it started.
    const bool worker_said_so = completion.outcome == Outcome::kUnavailable;
    Require(!entry.not_processed || worker_said_so || entry.starts == 0,
            "not processed is said only when it is certain");
    if (worker_said_so) entry.not_processed = false;
    Require(!entry.terms.must_succeed || completion.outcome == Outcome::kReplied,
            "when all is healed, every request is answered, not " +
                std::string(Name(completion.outcome)));
    Close(entry, number);
}

void Ledger::Close(Entry& entry, std::uint64_t number) {
    open_.erase(number);
    entry.table_holds = false;
    Alive& alive = alive_[entry.terms.gateway];
    alive.deadlines.erase(alive.deadlines.find(entry.terms.deadline));
    Release(entry);
}

void Ledger::OnSessionDone(std::uint64_t number) {
    Entry& entry = entries_[number];
    if (!entry.session_holds) return;
    entry.session_holds = false;
    Release(entry);
}

void Ledger::Release(Entry& entry) {
    if (entry.session_holds || entry.table_holds) return;
    Alive& alive = alive_[entry.terms.gateway];
    --alive.requests;
    alive.bytes -= entry.terms.bytes;
}

void Ledger::OnGatewayKilled(std::size_t gateway) {
    for (std::uint64_t number = 0; number < entries_.size(); ++number) {
        Entry& entry = entries_[number];
        if (entry.terms.gateway != gateway) continue;
        OnSessionDone(number);
        if (entry.table_holds) {
            coverage_.Count("requests that died with their gateway");
            entry.completed = true;
            Close(entry, number);
        }
    }
}

TimePoint Ledger::EarliestDeadline(std::size_t gateway) const {
    const auto& deadlines = alive_[gateway].deadlines;
    return deadlines.empty() ? TimePoint::max() - kAllowedDelay
                             : *deadlines.begin() + kAllowedDelay;
}

const Ledger::SentTo* Ledger::FindSentToAnother(std::size_t gateway, std::uint64_t session) const {
    for (const std::uint64_t number : open_) {
        const Entry& entry = entries_[number];
        if (entry.terms.gateway == gateway && entry.sent.session != 0 &&
            entry.sent.session != session) {
            return &entry.sent;
        }
    }
    return nullptr;
}

}  // namespace holdfast::sim
