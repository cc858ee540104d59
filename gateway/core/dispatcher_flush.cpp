// What goes out: one envelope for each peer that something is ready for, more when one would be too
// large.
#include <algorithm>
#include <utility>

#include "gateway/core/dispatcher.h"
#include "gateway/core/mutation.h"

namespace holdfast::gateway {

using State = PendingTable::State;

namespace {

constexpr Duration kBlockedPause = std::chrono::milliseconds(2);
/// Of requests, and of cancels, in one envelope: what a worker must be ready to parse.
constexpr std::size_t kMaxItems = 1024;

}  // namespace

bool Dispatcher::Flush(Transmitter& transmitter, TimePoint now) {
    for (const Stranger& stranger : strangers_) {
        Outgoing outgoing;
        outgoing.who_are_you = stranger.refusal == Outgoing::Refusal::kNone;
        outgoing.refusal = stranger.refusal;
        outgoing.refusal_detail = stranger.detail;
        // Nothing depends on it: a stranger that cannot be reached knocks again.
        transmitter.Transmit(stranger.peer, outgoing);
    }
    strangers_.clear();

    bool full = false;
    // What one worker could not take may now lie with another that has had its turn: around again.
    // Each round but the last leaves one more worker blocked.
    for (bool moved = true; moved;) {
        moved = false;
        workers_.ForEach([&](Worker& worker) {
            if (worker.suspicion == Worker::Suspicion::kUnreachable) return;
            if (worker.blocked_until <= now && worker.blocked_until != TimePoint{}) {
                worker.blocked_until = {};
                worker.pump_due = true;
            }
            if (worker.blocked_until == TimePoint{})
                moved = FlushWorker(worker, transmitter, now) || moved;
            full = full || worker.blocked_until != TimePoint{};
        });
    }
    return full;
}

/// True when requests were taken from it because its pipe was full.
bool Dispatcher::FlushWorker(Worker& worker, Transmitter& transmitter, TimePoint now) {
    for (;;) {
        if (std::exchange(worker.pump_due, false)) PumpAll(worker, now);
        GatherBatch(worker, now);
        if (worker.pump_due) continue;  // expired requests made room
        if (!worker.HasOutgoing()) return false;
        switch (SendEnvelope(worker, transmitter, now)) {
            case TransmitResult::kSent:
                break;
            case TransmitResult::kUnreachable:
                counters_.Add(Counter::kSendsUnreachable);
                workers_.Suspect(worker, Worker::Suspicion::kUnreachable);
                return false;
            case TransmitResult::kFull:
                counters_.Add(Counter::kSendsFull);
                worker.blocked_until = now + kBlockedPause;
                return TakeBackAssigned(worker, now);
        }
    }
}

/// What was never given to the socket may go to another worker. True when there was anything.
bool Dispatcher::TakeBackAssigned(Worker& worker, TimePoint now) {
    const bool any = !worker.assigned.empty();
    while (!worker.assigned.empty()) {
        const SlotIndex index = worker.assigned.back();
        Unassign(index);
        Place(index, Where::kFront, now);
    }
    if (any) PumpAll(worker, now);
    return any;
}

TransmitResult Dispatcher::SendEnvelope(Worker& worker, Transmitter& transmitter, TimePoint now) {
    Outgoing outgoing;
    outgoing.session = worker.session;
    outgoing.welcome = worker.welcome_due ? &welcome_ : nullptr;
    outgoing.ping_sequence = worker.ping_due ? worker.pings + 1 : 0;
    outgoing.reply_credit_bytes = worker.reply_credit_due ? worker.reply_bytes_granted : 0;
    outgoing.goodbye_ack = worker.goodbye_ack_due;
    outgoing.describe = worker.describe_due;
    outgoing.requests = batch_;
    outgoing.cancels = std::span(worker.cancels).first(std::min(worker.cancels.size(), kMaxItems));
    const TransmitResult result = transmitter.Transmit(worker.peer, outgoing);
    if (result != TransmitResult::kSent) return result;

    counters_.Add(Counter::kCancelsSent, outgoing.cancels.size());
    worker.cancels.erase(
        worker.cancels.begin(),
        worker.cancels.begin() + static_cast<std::ptrdiff_t>(outgoing.cancels.size()));
    if (worker.ping_due) ++worker.pings;
    if (worker.describe_due != 0) worker.describes = std::exchange(worker.describe_due, 0);
    inquiries_.OnSent(worker, now);
    worker.welcome_due = false;
    worker.ping_due = false;
    worker.reply_credit_due = false;
    worker.goodbye_ack_due = false;
    CommitBatch(worker, now);
    return result;
}

void Dispatcher::GatherBatch(Worker& worker, TimePoint now) {
    batch_.clear();
    std::uint64_t bytes = 0;
    for (SlotIndex index = worker.assigned.front(); index != PendingTable::kNone;) {
        const PendingTable::Slot& slot = table_[index];
        const SlotIndex next = slot.list.next;
        const Request& request = slot.deferred->request;
        const auto remaining =
            std::chrono::floor<std::chrono::milliseconds>(request.deadline - now);
        if (remaining.count() <= 0 && !Broken(Rule::kExpiredIsNotSent)) {
            Complete(index, Outcome::kTimedOut, now);  // the worker would only drop it
            index = next;
            continue;
        }
        if (batch_.size() >= kMaxItems) break;
        if (!batch_.empty() && bytes + slot.payload_bytes > options_.batch_bytes) break;
        bytes += slot.payload_bytes;
        batch_.push_back({table_.IdOf(index), slot.attempt,
                          worker.last_sequence + batch_.size() + 1,
                          static_cast<std::uint32_t>(remaining.count()), &request});
        index = next;
    }
}

void Dispatcher::CommitBatch(Worker& worker, TimePoint now) {
    for (const OutgoingRequest& request : batch_) {
        const SlotIndex index = request.id.slot();
        PendingTable::Slot& slot = table_[index];
        worker.assigned.Remove(table_, index);
        worker.sent.PushBack(table_, index);
        slot.state = State::kSent;
        slot.sequence = request.sequence;
        slot.deferred->stamps.sent = now;
    }
    worker.last_sequence += batch_.size();
    counters_.Add(Counter::kRequestsSent, batch_.size());
}

}  // namespace holdfast::gateway
