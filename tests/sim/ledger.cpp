#include "tests/sim/ledger.h"

#include <algorithm>
#include <string>

namespace holdfast::sim {

using namespace std::chrono_literals;
using gateway::Outcome;
using gateway::Progress;

namespace {

/// Of the wheel, and of a turn that comes a moment after the one that a timer asked for.
constexpr Duration kAllowedDelay = std::chrono::microseconds(1010);

}  // namespace

void Ledger::Open(std::uint64_t number, const Terms& terms) {
    if (entries_.size() <= number) {
        Entry never;
        never.completed = true;
        entries_.resize(number + 1, never);
    }
    entries_[number] = {};
    entries_[number].terms = terms;
    open_.insert(number);
    ++opened_;
    Alive& alive = alive_[terms.gateway];
    ++alive.requests;
    alive.bytes += terms.bytes;
    alive.deadlines.insert(terms.deadline);
}

void Ledger::OnSent(std::uint64_t number, const SentTo& to, bool at_once) {
    Entry& entry = entries_[number];
    Require(!entry.completed, Promise::kCompletedOnce, "request ", number,
            " is sent after its end");
    Require(entry.sends == 0 || entry.terms.idempotent, Promise::kNeverTwice, "request ", number,
            " is sent again");
    Require(entry.sends < 2, Promise::kRedispatchedOnce, "request ", number,
            " is sent to a third worker");
    if (entry.sends > 0) {
        if (!entry.returned) coverage_.Count(Seen::kRedispatched);
    } else if (!entry.returned) {
        coverage_.Count(at_once ? Seen::kSentAtOnce : Seen::kSentAfterWaiting);
    }
    if (entry.returned) coverage_.Count(Seen::kSentAgainAfterReturn);
    ++entry.sends;
    entry.returned = false;
    entry.sent = to;
}

void Ledger::OnReturned(std::uint64_t number) {
    coverage_.Count(Seen::kReturned);
    Entry& entry = entries_[number];
    --entry.sends;
    entry.returned = true;
}

void Ledger::OnStarted(std::uint64_t number, TimePoint now) {
    Entry& entry = entries_[number];
    ++entry.starts;
    // Clocks are not compared, so time spent on the way counts for nothing until the cancel comes.
    if (now >= entry.terms.deadline) coverage_.Count(Seen::kStartedAfterDeadline);
    Require(entry.starts < 2 || entry.terms.idempotent, Promise::kNeverTwice, "request ", number,
            " is started again");
    Require(entry.starts <= 2, Promise::kRedispatchedOnce, "request ", number,
            " is started a third time");
    Require(!entry.not_processed, Promise::kNotProcessedIsCertain, "request ", number,
            " is started after its client was told that it was not processed");
}

void Ledger::OnCompleted(const gateway::Completion& completion, TimePoint now, TimePoint latest) {
    const std::uint64_t number = std::stoull(completion.deferred->request.target);
    Entry& entry = entries_.at(number);
    Require(!entry.completed, Promise::kCompletedOnce, "request ", number, " ends again");
    entry.completed = true;
    CheckEndedWithItsWorker(entry, number);
    Require(IsDocumented(completion.outcome, completion.progress), Promise::kKnownEnd, "request ",
            number, " ends as ", Name(completion.outcome), ", processed ",
            Name(completion.progress));
    Require(now <= std::max(entry.terms.deadline, latest) + kAllowedDelay, Promise::kInTime,
            "request ", number, " ends ", (now - entry.terms.deadline) / 1us,
            " us after its deadline");
    Require(completion.outcome != Outcome::kTimedOut || now > entry.terms.deadline - 1ms,
            Promise::kNotTooEarly, "request ", number);
    if (completion.outcome == Outcome::kReplied) {
        Require(completion.reply.body == completion.deferred->request.target, Promise::kOwnReply,
                "request ", number, " gets ", completion.reply.body);
    }
    // A worker says itself that it did not process what it started.
    const bool worker_said_so = completion.outcome == Outcome::kUnavailable;
    const bool not_processed =
        completion.outcome != Outcome::kReplied && completion.progress == Progress::kNeverSent;
    Require(!not_processed || worker_said_so || entry.starts == 0, Promise::kNotProcessedIsCertain,
            "request ", number, " had been started");
    entry.not_processed = not_processed && !worker_said_so;
    Require(!entry.terms.must_succeed || completion.outcome == Outcome::kReplied,
            Promise::kRecovers, "request ", number, " ends as ", Name(completion.outcome));
    CountEnd(entry, completion);
    Close(entry, number);
}

void Ledger::CountEnd(const Entry& entry, const gateway::Completion& completion) {
    coverage_.CountEnd(completion.outcome, completion.progress);
    if (entry.sends < 2) return;
    if (completion.outcome == Outcome::kReplied) coverage_.Count(Seen::kRedispatchReplied);
    if (completion.outcome == Outcome::kWorkerLost) coverage_.Count(Seen::kRedispatchLostToo);
    if (completion.outcome == Outcome::kTimedOut) coverage_.Count(Seen::kRedispatchTimedOut);
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
    const std::vector<std::uint64_t> open(open_.begin(), open_.end());
    for (const std::uint64_t number : open) {
        Entry& entry = entries_[number];
        if (entry.terms.gateway != gateway) continue;
        CheckEndedWithItsWorker(entry, number);
        coverage_.Count(Seen::kDiedWithItsGateway);
        entry.completed = true;
        Close(entry, number);
    }
}

bool Ledger::IsWith(std::uint64_t number, const SentTo& place) const {
    if (number >= entries_.size()) return false;
    const Entry& entry = entries_[number];
    return !entry.completed && !entry.returned && entry.sent == place;
}

TimePoint Ledger::EarliestDeadline(std::size_t gateway) const {
    const auto& deadlines = alive_[gateway].deadlines;
    return deadlines.empty() ? TimePoint::max() : *deadlines.begin();
}

void Ledger::CheckDeadlines(std::size_t gateway, TimePoint now, TimePoint latest) const {
    const auto& deadlines = alive_[gateway].deadlines;
    if (deadlines.empty()) return;
    Require(now <= std::max(*deadlines.begin(), latest) + kAllowedDelay, Promise::kInTime,
            "a request is open ", (now - *deadlines.begin()) / 1us, " us after its deadline");
}

void Ledger::OnSessionOver(std::uint64_t session) {
    for (const std::uint64_t number : open_) {
        Entry& entry = entries_[number];
        if (entry.sent.session != session || entry.returned) continue;
        entry.overdue = !entry.terms.idempotent;
    }
}

void Ledger::CheckEndedWithItsWorker(const Entry& entry, std::uint64_t number) {
    Require(!entry.overdue, Promise::kNobodyWaitsForTheDead, "request ", number,
            " was sent in session ", entry.sent.session, ", which ended before it");
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
