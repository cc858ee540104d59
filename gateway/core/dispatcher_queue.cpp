// Where a request goes: to a worker, into its service's queue, or back with a refusal.
#include <algorithm>
#include <cassert>
#include <utility>

#include "gateway/core/dispatcher.h"

namespace holdfast::gateway {

using State = PendingTable::State;

namespace {

/// Who has just handed a request back has no thread free for the next one either: it comes last for
/// that long. A worker whose handlers are stuck hands back about three times a second.
constexpr Duration kReturnRest = std::chrono::seconds(1);

}  // namespace

/// kFront is for what comes back: it only queues, so that whoever takes several back, last one
/// first, leaves them in their order; Pump then lets them go.
void Dispatcher::Place(SlotIndex index, Where where, TimePoint now) {
    PendingTable::Slot& slot = table_[index];
    ServiceQueue& service = ServiceOf(slot);
    const Request& request = slot.deferred->request;
    if (service.workers.empty()) {
        const TimePoint give_up = request.received + request.route->wait_for_worker;
        if (give_up <= now) {
            Complete(index, slot.suspect ? Outcome::kWorkerLost : Outcome::kNoWorker, now);
            return;
        }
        wheel_.Set(index, std::min(give_up, request.deadline));
    }
    const std::size_t ahead =
        slot.suspect ? service.suspects().size() : service.size() - service.suspects().size();
    if (where == Where::kBack && ahead == 0 &&
        (slot.suspect || service.limit.Allows(service.outstanding))) {
        if (Worker* worker = Pick(service, slot.suspect, now)) {
            if (IsHopeless(index, now)) {
                Shed(index, Counter::kOverloadedDeadline, now);
            } else {
                Assign(index, *worker);
            }
            return;
        }
    }
    const bool accepted_before = where == Where::kFront || slot.suspect;
    if (!accepted_before && !MakeRoom(service, index, now)) {
        Shed(index, Counter::kOverloadedQueue, now);
        return;
    }
    service.Enqueue(table_, index, where);
}

void Dispatcher::Shed(SlotIndex index, Counter reason, TimePoint now) {
    counters_.Add(reason);
    Complete(index, Outcome::kOverloaded, now);
}

/// Whether the queue takes this request. A full one lets go of what is worth least: of a route that
/// has more waiting than this one's, or, while the newest is served first, of what would be served
/// last.
bool Dispatcher::MakeRoom(ServiceQueue& service, SlotIndex index, TimePoint now) {
    const PendingTable::Slot& slot = table_[index];
    const std::uint64_t bytes = slot.payload_bytes;
    if (options_.queue_requests == 0 || bytes > options_.queue_bytes) return false;
    while (service.size() >= options_.queue_requests ||
           service.bytes() + bytes > options_.queue_bytes) {
        Lane* longest = service.Longest();
        if (longest == nullptr) return false;
        const Lane& own = service.LaneOf(slot);
        const bool standing = longest->delay.Stands(now);
        if (longest->waiting.size() <= own.waiting.size() + (standing ? 0 : 1)) {
            if (!own.delay.Stands(now) || own.waiting.empty()) return false;
            Shed(own.waiting.front(), Counter::kOverloadedQueue, now);
        } else {
            Shed(standing ? longest->waiting.front() : longest->waiting.back(),
                 Counter::kOverloadedQueue, now);
        }
    }
    return true;
}

/// Nine of ten of its route's last requests took longer than it has. Not asked of the only one: it
/// is sent to learn whether that is still so.
bool Dispatcher::IsHopeless(SlotIndex index, TimePoint now) {
    const PendingTable::Slot& slot = table_[index];
    ServiceQueue& service = ServiceOf(slot);
    if (!options_.refuse_hopeless || slot.suspect || service.outstanding == 0) return false;
    return slot.deferred->request.deadline - now < service.LaneOf(slot).time.quick(now);
}

Worker* Dispatcher::Pick(const ServiceQueue& service, bool suspect, TimePoint now) {
    const auto load = [now](const Worker& worker) {
        return std::pair(now - worker.last_return < kReturnRest, worker.outstanding());
    };
    Worker* best = nullptr;
    for (const std::uint32_t index : service.workers) {
        Worker& worker = workers_[index];
        if (!worker.HasCredit() || worker.blocked_until > now) continue;
        if (worker.suspicion != Worker::Suspicion::kNone) continue;
        // One suspect at a time: a request that kills its worker takes no other suspect with it.
        if (suspect && worker.suspects > 0) continue;
        if (best == nullptr || load(worker) < load(*best)) best = &worker;
    }
    return best;
}

void Dispatcher::Assign(SlotIndex index, Worker& worker) {
    PendingTable::Slot& slot = table_[index];
    ServiceQueue& service = ServiceOf(slot);
    slot.unloaded = service.limit.IsUnloaded(service.outstanding);
    slot.state = State::kAssigned;
    slot.worker = worker.index;
    ++slot.attempt;
    ++service.outstanding;
    worker.assigned.PushBack(table_, index);
    ++worker.requests_sent;
    worker.bytes_sent += slot.payload_bytes;
    if (slot.suspect) ++worker.suspects;
}

void Dispatcher::Unassign(SlotIndex index) {
    PendingTable::Slot& slot = table_[index];
    assert(slot.state == State::kAssigned);
    Worker& worker = workers_[slot.worker];
    worker.assigned.Remove(table_, index);
    --worker.requests_sent;
    worker.bytes_sent -= slot.payload_bytes;
    if (slot.suspect) --worker.suspects;
    --ServiceOf(slot).outstanding;
    --slot.attempt;
    slot.worker = PendingTable::kNoWorker;
    slot.state = State::kQueued;
}

/// The next one of this lane to be sent, taken out of it; kNone when none of them is worth it.
Dispatcher::SlotIndex Dispatcher::TakeFrom(ServiceQueue& service, Lane& lane, TimePoint now) {
    const auto oldest_waited = [&] {
        return now - table_[lane.waiting.front()].deferred->stamps.submitted;
    };
    // One that waits alone waits for its turn, however long that takes.
    const bool alone = lane.waiting.size() == 1;
    lane.delay.OnTaken(alone ? Duration::zero() : oldest_waited(), lane.time.unloaded(), now);
    const bool standing = lane.delay.Stands(now);
    while (standing && !lane.waiting.empty() && oldest_waited() > lane.delay.allowed()) {
        Shed(lane.waiting.front(), Counter::kOverloadedDelay, now);
    }
    while (!lane.waiting.empty()) {
        const SlotIndex index = standing ? lane.waiting.back() : lane.waiting.front();
        if (!IsHopeless(index, now)) {
            service.Remove(table_, index);
            return index;
        }
        Shed(index, Counter::kOverloadedDeadline, now);
    }
    return PendingTable::kNone;
}

void Dispatcher::Pump(ServiceQueue& service, TimePoint now) {
    const auto send = [&](SlotIndex index, Worker& worker) {
        wheel_.Set(index, table_[index].deferred->request.deadline);
        Assign(index, worker);
    };
    while (!service.suspects().empty()) {
        Worker* worker = Pick(service, true, now);
        if (worker == nullptr) break;
        const SlotIndex index = service.suspects().front();
        service.Remove(table_, index);
        send(index, *worker);
    }
    while (Lane* lane = service.InTurn()) {
        if (!service.limit.Allows(service.outstanding)) break;
        Worker* worker = Pick(service, false, now);
        if (worker == nullptr) break;
        const SlotIndex index = TakeFrom(service, *lane, now);
        if (index != PendingTable::kNone) send(index, *worker);
        service.EndTurn();
    }
}

void Dispatcher::PumpAll(const Worker& worker, TimePoint now) {
    for (const std::uint32_t service : worker.services) {
        if (!services_[service].empty()) Pump(services_[service], now);
    }
}

void Dispatcher::FailUnservable(ServiceQueue& service, TimePoint now) {
    if (!service.workers.empty()) return;
    const auto fail = [&](const SlotList& list) {
        for (SlotIndex index = list.front(); index != PendingTable::kNone;) {
            const SlotIndex next = table_[index].list.next;
            const Request& request = table_[index].deferred->request;
            const TimePoint give_up = request.received + request.route->wait_for_worker;
            if (give_up <= now) {
                const bool lost = table_[index].suspect;
                Complete(index, lost ? Outcome::kWorkerLost : Outcome::kNoWorker, now);
            } else {
                wheel_.Set(index, std::min(give_up, request.deadline));
            }
            index = next;
        }
    };
    fail(service.suspects());
    for (const Lane& lane : service.lanes()) fail(lane.waiting);
}

void Dispatcher::CountThreads(ServiceQueue& service) {
    std::uint64_t threads = 0;
    for (const std::uint32_t index : service.workers) {
        threads += std::max(workers_[index].hello.threads, 1U);
    }
    service.limit.SetThreads(threads);
}

void Dispatcher::NoteAnswered(SlotIndex index, TimePoint now) {
    const PendingTable::Slot& slot = table_[index];
    ServiceQueue& service = ServiceOf(slot);
    const Duration latency = now - slot.deferred->stamps.sent;
    ServiceTime& time = service.LaneOf(slot).time;
    time.Add(latency, slot.unloaded, now);
    service.limit.AddSample(latency, time.unloaded(), now);
}

/// A request whose worker did not answer in time needs at least that long; one that had less time
/// than its like usually take says nothing.
void Dispatcher::NoteSlow(SlotIndex index, TimePoint now) {
    const PendingTable::Slot& slot = table_[index];
    ServiceQueue& service = ServiceOf(slot);
    const Duration latency = now - slot.deferred->stamps.sent;
    const Duration unloaded = service.LaneOf(slot).time.unloaded();
    if (latency > unloaded) service.limit.AddSample(latency, unloaded, now);
}

}  // namespace holdfast::gateway
