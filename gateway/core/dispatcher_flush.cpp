// What goes out: one envelope for each peer that something is ready for, more when one would be too
// large.
#include <algorithm>

#include "gateway/core/dispatcher.h"

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
    workers_.ForEach([&](Worker& worker) {
        if (worker.suspicion == Worker::Suspicion::kUnreachable || worker.blocked_until > now) {
            full = full || worker.blocked_until > now;
            return;
        }
        if (worker.blocked_until != TimePoint{}) {
            worker.blocked_until = {};
            PumpAll(worker, now);
        }
        while (worker.HasOutgoing()) {
            const TransmitResult result = FlushWorker(worker, transmitter, now);
            if (result == TransmitResult::kSent) continue;
            if (result == TransmitResult::kUnreachable) {
                counters_.Add(Counter::kSendsUnreachable);
                workers_.Suspect(worker, Worker::Suspicion::kUnreachable);
                break;
            }
            counters_.Add(Counter::kSendsFull);
            full = true;
            worker.blocked_until = now + kBlockedPause;
            // They were never given to the socket: another worker may have them.
            while (!worker.assigned.empty()) {
                const SlotIndex index = worker.assigned.back();
                Unassign(index);
                Place(index, Where::kFront, now);
            }
            break;
        }
    });
    return full;
}

TransmitResult Dispatcher::FlushWorker(Worker& worker, Transmitter& transmitter, TimePoint now) {
    GatherBatch(worker, now);
    Outgoing outgoing;
    outgoing.session = worker.session;
    outgoing.welcome = worker.welcome_due ? &welcome_ : nullptr;
    outgoing.ping_sequence = worker.ping_due ? worker.pings + 1 : 0;
    outgoing.reply_credit_bytes = worker.reply_credit_due ? worker.reply_bytes_granted : 0;
    outgoing.goodbye_ack = worker.goodbye_ack_due;
    outgoing.requests = batch_;
    outgoing.cancels = std::span(worker.cancels).first(std::min(worker.cancels.size(), kMaxItems));
    const TransmitResult result = transmitter.Transmit(worker.peer, outgoing);
    if (result != TransmitResult::kSent) return result;

    counters_.Add(Counter::kCancelsSent, outgoing.cancels.size());
    worker.cancels.erase(worker.cancels.begin(),
                         worker.cancels.begin() +
                             static_cast<std::ptrdiff_t>(outgoing.cancels.size()));
    if (worker.ping_due) ++worker.pings;
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
        const auto remaining = std::chrono::floor<std::chrono::milliseconds>(request.deadline - now);
        if (remaining.count() <= 0) {
            Complete(index, Outcome::kTimedOut, now);  // the worker would only drop it
            index = next;
            continue;
        }
        if (batch_.size() >= kMaxItems) break;
        if (!batch_.empty() && bytes + slot.payload_bytes > options_.batch_bytes) break;
        bytes += slot.payload_bytes;
        batch_.push_back({table_.IdOf(index), slot.attempt, worker.last_sequence + batch_.size() + 1,
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
