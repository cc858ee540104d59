// The workers' sessions: how one opens, what is heard in it, and what its end means for its
// requests.
#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/core/dispatcher.h"
#include "gateway/core/mutation.h"

namespace holdfast::gateway {

using State = PendingTable::State;

namespace {

constexpr std::size_t kStrangersPerFlush = 1024;
/// A request that keeps coming back is no longer offered: a worker that returns all it gets must
/// not keep the leg busy until the deadline.
constexpr std::uint8_t kMaxQuickReturns = 16;
constexpr Duration kQuickReturn = std::chrono::milliseconds(100);

}  // namespace

void Dispatcher::OnProbe(PeerId peer) {
    if (workers_.Find(peer) != nullptr || strangers_.size() >= kStrangersPerFlush) return;
    // Each item of an envelope comes here: one answer is enough for them all.
    if (std::ranges::find(strangers_, peer, &Stranger::peer) != strangers_.end()) return;
    strangers_.push_back({peer, Outgoing::Refusal::kNone, {}});
}

void Dispatcher::OnHello(PeerId peer, HelloItem hello, TimePoint now) {
    // A worker that only changes its session does not leave its services without a worker: what
    // waits goes on waiting for it.
    std::vector<std::uint32_t> left;
    if (Worker* known = workers_.Find(peer)) left = Bury(*known, "said Hello anew", now);
    OpenSession(peer, std::move(hello), left, now);
    for (const std::uint32_t service : left) FailUnservable(services_[service], now);
}

void Dispatcher::OpenSession(PeerId peer, HelloItem hello, std::vector<std::uint32_t>& left,
                             TimePoint now) {
    if (hello.protocol != kProtocolVersion) {
        Refuse(peer, Outgoing::Refusal::kProtocol,
               "this gateway speaks protocol " + std::to_string(kProtocolVersion) +
                   ", the worker " + std::to_string(hello.protocol),
               hello);
        return;
    }
    if (hello.services.empty() || hello.instance.empty()) {
        Refuse(peer, Outgoing::Refusal::kBadHello, "a worker names itself and a service", hello);
        return;
    }
    const std::string instance = hello.instance;
    if (Worker* other = workers_.FindInstance(instance)) {
        std::ranges::copy(Bury(*other, "connected anew", now), std::back_inserter(left));
    }
    Worker* worker = workers_.Add(peer, std::move(hello), now);
    if (worker == nullptr) {
        HelloItem refused;
        refused.instance = instance;
        Refuse(peer, Outgoing::Refusal::kTooManyPeers,
               "bus.max_peers is " + std::to_string(options_.max_peers), refused);
        return;
    }
    for (const HelloItem::Service& offered : worker->hello.services) {
        for (std::uint32_t i = 0; i < services_.size(); ++i) {
            if (services_[i].name != offered.name) continue;
            if (std::ranges::find(worker->services, i) != worker->services.end()) continue;
            worker->services.push_back(i);
            services_[i].workers.push_back(worker->index);
            CountThreads(services_[i]);
        }
    }
    TopUpReplyCredit(*worker);
    counters_.Add(Counter::kWorkersWelcomed);
    observer_.OnWorkerEvent({WorkerEvent::Kind::kWelcomed, instance, worker->session, {}, 0});
}

void Dispatcher::Refuse(PeerId peer, Outgoing::Refusal refusal, std::string detail,
                        const HelloItem& hello) {
    counters_.Add(Counter::kWorkersRefused);
    observer_.OnWorkerEvent({WorkerEvent::Kind::kRefused, hello.instance, 0, detail, 0});
    if (strangers_.size() < kStrangersPerFlush) {
        strangers_.push_back({peer, refusal, std::move(detail)});
    }
}

Worker* Dispatcher::Heard(PeerId peer, std::uint64_t session, TimePoint now) {
    Worker* worker = workers_.Find(peer);
    if (worker == nullptr) {
        counters_.Add(Counter::kItemsOfOtherSession);
        OnProbe(peer);
        return nullptr;
    }
    worker->last_heard = now;
    if (worker->session != session) {
        counters_.Add(Counter::kItemsOfOtherSession);
        return nullptr;
    }
    return worker;
}

void Dispatcher::OnReply(PeerId peer, std::uint64_t session, ReplyItem item, TimePoint now) {
    Worker* worker = Heard(peer, session, now);
    if (worker == nullptr) return;
    if (worker->suspicion != Worker::Suspicion::kNone &&
        Broken(Rule::kArrivedRepliesCountBeforeDeath)) {
        return;
    }
    counters_.Add(Counter::kRepliesReceived);
    if (worker->reply_bytes_received >= worker->reply_bytes_granted) {
        OnMalformed(peer, Counter::kMalformedCredit, now);
        return;
    }
    reply_bytes_outstanding_ -= worker->reply_bytes_outstanding();
    worker->reply_bytes_received += item.payload_bytes;
    reply_bytes_outstanding_ += worker->reply_bytes_outstanding();
    item.reply.charge = ReplyCharge(replies_, item.payload_bytes);
    TopUpReplyCredit(*worker);

    const PendingTable::Found found = table_.Find(item.id);
    switch (found.lookup) {
        case PendingTable::Lookup::kLate:
            counters_.Add(Counter::kRepliesLate);
            return;
        case PendingTable::Lookup::kDuplicate:
            counters_.Add(Counter::kRepliesDuplicate);
            return;
        case PendingTable::Lookup::kUnknown:
            counters_.Add(Counter::kRepliesUnknown);
            return;
        case PendingTable::Lookup::kFound:
            break;
    }
    PendingTable::Slot& slot = table_[found.slot];
    const bool owns =
        slot.state == State::kSent && slot.worker == worker->index && slot.attempt == item.attempt;
    if (!owns && !Broken(Rule::kReplyOfItsOwnerOnly)) {
        counters_.Add(Counter::kRepliesNotOwner);
        return;
    }
    ++worker->replies;
    if (item.payload_bytes > options_.max_reply_bytes) {
        counters_.Add(Counter::kMalformedReply);
        Reply refused;
        refused.kind =
            item.reply.kind == Reply::Kind::kAnswered ? Reply::Kind::kFailed : item.reply.kind;
        refused.detail = "the reply has " + std::to_string(item.payload_bytes) + " bytes, " +
                         std::to_string(options_.max_reply_bytes) + " are allowed";
        item.reply = std::move(refused);
    }
    switch (item.reply.kind) {
        case Reply::Kind::kAnswered:
            NoteAnswered(found.slot, now);
            Complete(found.slot, Outcome::kReplied, now, std::move(item.reply));
            break;
        case Reply::Kind::kFailed:
            Complete(found.slot, Outcome::kWorkerError, now, std::move(item.reply));
            break;
        case Reply::Kind::kNotProcessed:
            // This attempt did nothing; an earlier one that was lost may have.
            Withdraw(found.slot);
            Complete(found.slot, Outcome::kUnavailable, now, std::move(item.reply));
            break;
    }
}

void Dispatcher::OnReturns(PeerId peer, std::uint64_t session, std::span<const ReturnItem> items,
                           TimePoint now) {
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
        TakeBack(peer, session, *item, now);
    }
    const Worker* worker = items.empty() ? nullptr : workers_.Find(peer);
    if (worker != nullptr) PumpAll(*worker, now);
}

void Dispatcher::TakeBack(PeerId peer, std::uint64_t session, const ReturnItem& item,
                          TimePoint now) {
    Worker* const worker = Heard(peer, session, now);
    if (worker == nullptr) return;
    counters_.Add(Counter::kReturnsReceived);
    const PendingTable::Found found = table_.Find(item.id);
    if (found.lookup != PendingTable::Lookup::kFound || table_[found.slot].state != State::kSent ||
        table_[found.slot].worker != worker->index || table_[found.slot].attempt != item.attempt) {
        counters_.Add(Counter::kReturnsStale);
        return;
    }
    worker->last_return = now;
    Withdraw(found.slot);
    PendingTable::Slot& slot = table_[found.slot];
    // One that had waited behind slow handlers is bounded by its deadline alone.
    if (now - slot.deferred->stamps.sent < kQuickReturn &&
        ++slot.quick_returns >= kMaxQuickReturns) {
        Complete(found.slot, Outcome::kUnavailable, now);
        return;
    }
    wheel_.Set(found.slot, slot.deferred->request.deadline);
    Place(found.slot, Where::kFront, now);
}

void Dispatcher::OnPong(PeerId peer, std::uint64_t session, const PongItem& pong, TimePoint now) {
    Worker* worker = Heard(peer, session, now);
    if (worker == nullptr) return;
    worker->pong = pong;
    inquiries_.OnPong(*worker, pong.sequence, now);
    worker->started_through =
        std::clamp(pong.started_through, worker->started_through, worker->last_sequence);
}

void Dispatcher::OnRequestCredit(PeerId peer, std::uint64_t session, RequestCreditItem credit,
                                 TimePoint now) {
    Worker* worker = Heard(peer, session, now);
    if (worker == nullptr) return;
    if (credit.requests_total < worker->granted.requests_total ||
        credit.bytes_total < worker->granted.bytes_total) {
        OnMalformed(peer, Counter::kMalformedCredit, now);
        return;
    }
    worker->granted = credit;
    PumpAll(*worker, now);
}

void Dispatcher::OnGoodbye(PeerId peer, std::uint64_t session, TimePoint now) {
    Worker* worker = Heard(peer, session, now);
    if (worker == nullptr) return;
    worker->goodbye_ack_due = true;
    if (worker->draining) return;
    worker->draining = true;
    observer_.OnWorkerEvent({WorkerEvent::Kind::kDraining, worker->hello.instance, worker->session,
                             "said Goodbye", worker->outstanding()});
    StopServing(*worker);
    TakeBackAssigned(*worker, now);
    for (const std::uint32_t service : worker->services) FailUnservable(services_[service], now);
}

void Dispatcher::OnMalformed(PeerId peer, Counter reason, TimePoint now) {
    counters_.Add(reason);
    if (Worker* worker = workers_.Find(peer)) {
        EndSession(*worker, Describe(reason).label_value, now);
    }
}

void Dispatcher::ProbeAll() {
    workers_.ForEach([](Worker& worker) { worker.ping_due = true; });
}

void Dispatcher::ConfirmLost(TimePoint now) {
    workers_.ForEach([&](Worker& worker) {
        switch (worker.suspicion) {
            case Worker::Suspicion::kNone:
                break;
            case Worker::Suspicion::kSilent:
                if (now - worker.last_heard > options_.peer_timeout) {
                    EndSession(worker, "silent", now);
                } else {
                    workers_.Spare(worker);
                    PumpAll(worker, now);
                }
                break;
            case Worker::Suspicion::kUnreachable:
                EndSession(worker, "connection lost", now);
                break;
        }
    });
}

void Dispatcher::StopServing(Worker& worker) {
    for (const std::uint32_t service : worker.services) {
        std::erase(services_[service].workers, worker.index);
        CountThreads(services_[service]);
    }
}

/// Ends a session and places its requests elsewhere. Returns the services that it served: the
/// caller fails what none is left for.
std::vector<std::uint32_t> Dispatcher::Bury(Worker& worker, std::string_view reason,
                                            TimePoint now) {
    const bool drained = worker.draining && worker.outstanding() == 0;
    counters_.Add(drained ? Counter::kWorkersDrained : Counter::kWorkersLost);
    observer_.OnWorkerEvent({drained ? WorkerEvent::Kind::kDrained : WorkerEvent::Kind::kLost,
                             worker.hello.instance, worker.session, reason, worker.outstanding()});
    inquiries_.OnWorkerGone(worker);
    // It gets nothing more, yet still counts as a worker of its services until all is placed.
    workers_.Suspect(worker, Worker::Suspicion::kUnreachable);
    TakeBackAssigned(worker, now);
    while (!worker.sent.empty() && !Broken(Rule::kSlotsOfTheDeadAreWalked)) {
        RedispatchOrFail(worker.sent.front(), now);
    }
    StopServing(worker);
    std::vector<std::uint32_t> services = std::move(worker.services);
    reply_bytes_outstanding_ -= worker.reply_bytes_outstanding();
    workers_.Remove(worker);
    // What it had counted against the services' limits.
    for (const std::uint32_t service : services) Pump(services_[service], now);
    return services;
}

void Dispatcher::EndSession(Worker& worker, std::string_view reason, TimePoint now) {
    for (const std::uint32_t service : Bury(worker, reason, now)) {
        FailUnservable(services_[service], now);
    }
}

void Dispatcher::RedispatchOrFail(SlotIndex index, TimePoint now) {
    PendingTable::Slot& slot = table_[index];
    ServiceQueue& service = ServiceOf(slot);
    const bool safe =
        slot.deferred->request.idempotent || Broken(Rule::kOnlyIdempotentIsRedispatched);
    const bool first = !slot.suspect || Broken(Rule::kRedispatchedOnce);
    if (!safe || !first) {
        Complete(index, Outcome::kWorkerLost, now);
        return;
    }
    if (!service.redispatches.TryTake(now)) {
        counters_.Add(Counter::kRedispatchesRefused);
        Complete(index, Outcome::kWorkerLost, now);
        return;
    }
    counters_.Add(Counter::kRedispatches);
    Withdraw(index);
    slot.suspect = true;
    if (Broken(Rule::kDeadlineStays)) slot.deferred->request.deadline += options_.peer_timeout;
    wheel_.Set(index, slot.deferred->request.deadline);
    Place(index, Where::kBack, now);
}

void Dispatcher::TopUpReplyCredit(Worker& worker) {
    // An equal share for each peer there may be, so that the first ones do not take it all.
    const std::uint64_t window =
        std::min(options_.reply_window, replies_.limit() / options_.max_peers);
    const std::uint64_t outstanding = worker.reply_bytes_outstanding();
    if (outstanding > window / 2) return;
    const std::uint64_t used = replies_.held() + reply_bytes_outstanding_;
    const std::uint64_t room = used < replies_.limit() ? replies_.limit() - used : 0;
    const std::uint64_t more = std::min(window - outstanding, room);
    if (more == 0) return;
    // What the last reply took beyond its credit is made up for first.
    worker.reply_bytes_granted =
        std::max(worker.reply_bytes_granted, worker.reply_bytes_received) + more;
    reply_bytes_outstanding_ += more;
    worker.reply_credit_due = true;
}

}  // namespace holdfast::gateway
