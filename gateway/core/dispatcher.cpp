#include "gateway/core/dispatcher.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "gateway/core/mutation.h"

namespace holdfast::gateway {

using State = PendingTable::State;

Dispatcher::Dispatcher(const DispatcherOptions& options, ReplyBudget& replies, CompletionSink& sink,
                       WorkerObserver& observer, CounterBlock& counters, TimePoint now)
    : options_(options),
      welcome_{kProtocolVersion, options.ping_interval, options.lease, options.max_message_bytes,
               options.max_reply_bytes},
      replies_(replies),
      sink_(sink),
      observer_(observer),
      counters_(counters),
      table_(options.pending_requests, options.seed),
      wheel_(table_, now),
      workers_(options.max_peers, options.seed),
      last_tick_(now) {
    for (const std::string& name : options_.services) {
        services_.emplace_back(
            name, options_.queue_delay, options_.concurrency,
            TokenBucket(options_.redispatch_rate, options_.redispatch_burst, now));
    }
}

Dispatcher::~Dispatcher() {
    assert(table_.size() == 0 && "Shutdown completes what is left");
}

void Dispatcher::Submit(DeferredRef deferred, TimePoint now) {
    deferred->stamps.submitted = now;
    const Request& request = deferred->request;
    const bool late = request.deadline <= now;
    const SlotIndex index =
        shut_down_ || late ? PendingTable::kNone : table_.Insert(std::move(deferred));
    if (index == PendingTable::kNone) {
        if (!shut_down_ && !late) counters_.Add(Counter::kOverloadedTable);
        const Outcome outcome = shut_down_ ? Outcome::kShuttingDown
                                : late     ? Outcome::kTimedOut
                                           : Outcome::kOverloaded;
        deferred->stamps.completed = now;
        const CorrelationId id(CorrelationId::kUnsuspendedSlot, ++refused_ids_);
        sink_.Complete({std::move(deferred), id, outcome, Progress::kNeverSent, 0, {}});
        return;
    }
    PendingTable::Slot& slot = table_[index];
    slot.deferred->id = table_.IdOf(index);
    slot.payload_bytes = static_cast<std::uint32_t>(request.PayloadBytes());
    wheel_.Set(index, request.deadline);
    Place(index, Where::kBack, now);
}

void Dispatcher::Cancel(const DeferredRef& deferred, TimePoint now) {
    const PendingTable::Found found = table_.Find(deferred->id);
    if (found.lookup != PendingTable::Lookup::kFound) return;
    CancelAtWorker(found.slot);
    Complete(found.slot, Outcome::kCancelled, now);
}

void Dispatcher::OnExpired(SlotIndex index, TimePoint now) {
    const PendingTable::Slot& slot = table_[index];
    const TimePoint deadline = slot.deferred->request.deadline;
    if (deadline <= now) {
        if (slot.state == State::kSent) NoteSlow(index, now);
        CancelAtWorker(index);
        Complete(index, Outcome::kTimedOut, now);
    } else if (slot.state == State::kQueued && ServiceOf(slot).workers.empty()) {
        Complete(index, slot.suspect ? Outcome::kWorkerLost : Outcome::kNoWorker, now);
    } else {
        wheel_.Set(index, deadline);  // a worker came while it waited for one
    }
}

void Dispatcher::CancelAtWorker(SlotIndex index) {
    const PendingTable::Slot& slot = table_[index];
    if (slot.state != State::kSent) return;
    workers_[slot.worker].cancels.push_back({table_.IdOf(index), slot.attempt});
}

Progress Dispatcher::ProgressOf(const PendingTable::Slot& slot) const {
    if (slot.state == State::kSent) {
        const bool started = slot.sequence <= workers_[slot.worker].started_through;
        return started ? Progress::kStarted : Progress::kSent;
    }
    return slot.suspect ? Progress::kSent : Progress::kNeverSent;
}

void Dispatcher::Detach(SlotIndex index) {
    PendingTable::Slot& slot = table_[index];
    switch (slot.state) {
        case State::kQueued:
            // Not in a list yet when Place completes it.
            if (ServiceQueue& service = ServiceOf(slot); service.Holds(table_, index)) {
                service.Remove(table_, index);
            }
            break;
        case State::kAssigned:
            workers_[slot.worker].pump_due = true;
            Unassign(index);
            break;
        case State::kSent: {
            Worker& worker = workers_[slot.worker];
            ServiceQueue& service = ServiceOf(slot);
            worker.sent.Remove(table_, index);
            --service.outstanding;
            if (slot.suspect) --worker.suspects;
            // Its place may have been what the next one waited for.
            if (slot.suspect || (service.limit.bounded() && !service.empty())) {
                worker.pump_due = true;
            }
            break;
        }
        case State::kFree:
            assert(false && "a free slot has no place");
    }
    wheel_.Remove(index);
}

/// Takes a sent request back from its worker: it is nowhere now, and as if that attempt had not
/// been.
void Dispatcher::Withdraw(SlotIndex index) {
    Detach(index);
    table_[index].state = State::kQueued;
    table_[index].worker = PendingTable::kNoWorker;
}

void Dispatcher::Complete(SlotIndex index, Outcome outcome, TimePoint now, Reply reply) {
    const PendingTable::Slot& slot = table_[index];
    const Progress progress = ProgressOf(slot);
    const std::uint32_t attempts = slot.attempt;
    const CorrelationId id = table_.IdOf(index);
    if (Broken(Rule::kEraseBeforeComplete)) {
        sink_.Complete({slot.deferred, id, outcome, progress, attempts, std::move(reply)});
        Detach(index);
        table_.Erase(index, outcome == Outcome::kReplied);
        return;
    }
    Detach(index);
    DeferredRef deferred = table_.Erase(index, outcome == Outcome::kReplied);
    deferred->stamps.completed = now;
    sink_.Complete({std::move(deferred), id, outcome, progress, attempts, std::move(reply)});
}

void Dispatcher::Tick(TimePoint now) {
    const Duration pause = now - last_tick_;
    last_tick_ = now;
    // Longer than an idle loop sleeps between two pings.
    if (pause > std::max(options_.peer_timeout / 2, options_.ping_interval * 3 / 2)) {
        // This process stood still: what the workers said meanwhile was not heard, and is not their
        // fault.
        workers_.ForEach(
            [&](Worker& worker) { worker.last_heard = std::min(now, worker.last_heard + pause); });
    }
    wheel_.Advance(now, [&](SlotIndex index) { OnExpired(index, now); });
    workers_.ForEach([&](Worker& worker) {
        if (now >= worker.next_ping) {
            worker.ping_due = true;
            worker.next_ping = now + options_.ping_interval;
            TopUpReplyCredit(worker);
        }
        if (now - worker.last_heard > options_.peer_timeout) {
            workers_.Suspect(worker, Worker::Suspicion::kSilent);
        }
    });
}

TimePoint Dispatcher::NextTick(TimePoint now) const {
    TimePoint next = now + options_.ping_interval;
    next = std::min(next, inquiries_.NextDue());
    if (const auto due = wheel_.NextDue()) next = std::min(next, *due);
    workers_.ForEach([&](const Worker& worker) {
        next = std::min({next, worker.next_ping, worker.last_heard + options_.peer_timeout});
        if (worker.blocked_until > now) next = std::min(next, worker.blocked_until);
    });
    return next;
}

void Dispatcher::Shutdown(TimePoint now) {
    shut_down_ = true;
    std::vector<SlotIndex> left;
    left.reserve(table_.size());
    table_.ForEach([&](SlotIndex index, const PendingTable::Slot&) { left.push_back(index); });
    for (const SlotIndex index : left) {
        CancelAtWorker(index);
        Complete(index, Outcome::kShuttingDown, now);
    }
}

}  // namespace holdfast::gateway
