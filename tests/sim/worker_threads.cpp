// A worker's handler threads, acted out: they take requests, run the plugin and finish.
#include <algorithm>
#include <utility>

#include "tests/sim/worker_node.h"

namespace holdfast::sim {

using namespace std::chrono_literals;
using worker::RequestRecord;

void WorkerNode::Submit(std::span<RequestRecord* const> requests) {
    queue_.insert(queue_.end(), requests.begin(), requests.end());
}

bool WorkerNode::Withdraw(RequestRecord& request) {
    return std::erase(queue_, &request) != 0;
}

void WorkerNode::Cancel(RequestRecord& request) {
    for (Thread& thread : threads_) {
        // Most plugins look at the cancel, and end soon.
        if (thread.running == &request && thread.random.Chance(70)) FinishAfter(thread, 2ms);
    }
}

TimePoint WorkerNode::AllBusySince() {
    TimePoint since;
    for (const Thread& thread : threads_) {
        if (thread.running == nullptr) return TimePoint::max();
        since = std::max(since, thread.since);
    }
    return since;
}

void WorkerNode::RunThreads() {
    if (paused() || !alive()) return;
    const TimePoint now = scheduler_.now();
    for (Thread& thread : threads_) {
        while (thread.running == nullptr && !queue_.empty()) {
            RequestRecord& record = *queue_.front();
            queue_.pop_front();
            const worker::StartVerdict verdict = record.TryStart(now);
            if (verdict == worker::StartVerdict::kStart) {
                StartOn(thread, record, now);
            } else {
                done_.push_back({&record, false, verdict, {}});
                Wake();
            }
        }
    }
}

void WorkerNode::StartOn(Thread& thread, RequestRecord& record, TimePoint now) {
    const Socket& socket = SocketOf(record.link);
    const std::uint64_t number = static_cast<const Payload&>(*record.payload).number;
    stage_.trace.Say(options_.instance, ": starts request ", number, ", attempt ", record.attempt);
    stage_.ledger.OnStarted(number, now);
    Require(!socket.cancelled.contains({record.id, record.attempt}),
            Promise::kCancelledIsNotStarted, "request ", number);
    thread.running = &record;
    thread.since = now;
    thread.random = Random(stage_.seed, Stream::kService, number, options_.index, record.attempt);
    ++thread.run;
    if (healed_) {
        FinishAfter(thread, 1ms);
    } else if (thread.random.Chance(options_.hang_percent)) {
        stage_.coverage.Count(Seen::kPluginNeverReplies);
    } else {
        // Mostly fast, sometimes slower than any deadline.
        const Duration most =
            thread.random.Chance(90) ? options_.longest_service / 20 : options_.longest_service;
        FinishAfter(thread, thread.random.Between(Duration(50us), most));
    }
}

void WorkerNode::FinishAfter(Thread& thread, Duration delay) {
    const auto index = static_cast<std::size_t>(&thread - threads_.data());
    scheduler_.After(delay, [this, index, run = thread.run] { Finish(index, run); });
}

void WorkerNode::Finish(std::size_t index, std::uint64_t run) {
    Thread& thread = threads_[index];
    if (!alive() || thread.running == nullptr || thread.run != run) return;
    if (paused()) {
        scheduler_.At(resumed_at(), [this, index, run] { Finish(index, run); });
        return;
    }
    RequestRecord& record = *std::exchange(thread.running, nullptr);
    worker::ReplyItem reply = MakeReply(thread.random);
    reply.encoded = std::to_string(static_cast<const Payload&>(*record.payload).number);
    done_.push_back({&record, true, worker::StartVerdict::kStart, std::move(reply)});
    Wake();
    RunThreads();
}

worker::ReplyItem WorkerNode::MakeReply(Random& random) const {
    worker::ReplyItem reply;
    const std::uint64_t dice = random.Below(100);
    reply.kind = healed_ || dice < 92 ? worker::ReplyKind::kAnswered
                 : dice < 96          ? worker::ReplyKind::kFailed
                                      : worker::ReplyKind::kNotProcessed;
    constexpr std::uint64_t kLargest = 1U << 20U;  // that a gateway takes
    const std::uint64_t size = random.Below(100);
    reply.payload_bytes = size == 0 ? kLargest + 1 : size == 1 ? kLargest : random.Between(1, 2000);
    if (healed_) reply.payload_bytes = std::min(reply.payload_bytes, kLargest);
    return reply;
}

}  // namespace holdfast::sim
