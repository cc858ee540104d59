#include "worker/runtime/invoker.h"

#include <poll.h>
#include <holdfast/worker/reply_rules.hpp>

#include <algorithm>

#include "proto/envelope.pb.h"

namespace holdfast::worker {
namespace {

constexpr std::size_t kMaxUnanswered = 65536;

Invocation Decode(const ReplyItem& item) {
    Invocation result;
    wire::Envelope envelope;
    if (!envelope.ParseFromString(item.encoded) || envelope.replies_size() != 1) return result;
    const wire::Reply& reply = envelope.replies(0);
    result.kind = item.kind == ReplyKind::kAnswered       ? Invocation::Kind::kAnswered
                  : item.kind == ReplyKind::kNotProcessed ? Invocation::Kind::kNotProcessed
                                                          : Invocation::Kind::kFailed;
    result.status = reply.status();
    for (const wire::Field& header : reply.headers()) {
        result.headers.emplace_back(header.name(), header.value());
    }
    result.body = reply.body();
    result.detail = reply.detail();
    return result;
}

}  // namespace

Invoker::Invoker(std::unique_ptr<PluginLibrary> library, PluginConfig config,
                 std::function<void()> on_stuck)
    : library_(std::move(library)),
      on_stuck_(std::move(on_stuck)),
      host_(std::make_unique<PluginHost>(library_->plugin(), std::move(config), kMaxUnanswered,
                                         finished_)),
      watch_([this] { Watch(); }) {
    lease_.RenewUntil(TimePoint::max());
}

Invoker::~Invoker() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    watch_.join();
    EndAndKeep(std::move(library_), std::move(host_));
}

RequestRecord& Invoker::FreeRecord() {
    if (!last_is_free_) records_.push_back(std::make_unique<RequestRecord>());
    return *records_.back();
}

Invocation Invoker::Call(const RequestFile& request, Duration timeout,
                         std::optional<Duration> cancel_after) {
    RequestRecord& record = FreeRecord();
    record.id = request.correlation_id;
    record.attempt = request.attempt;
    record.max_reply_bytes = kDefaultMaxReplyBytes;
    record.lease = &lease_;
    record.payload = request.MakePayload(library_->plugin().services[0]);
    last_is_free_ = false;
    Invocation result;
    result.detail = "more requests than can be held were left unanswered";
    if (!host_->Prepare(record)) return result;

    const TimePoint begin = Clock::now();
    record.arrived = begin;
    record.deadline = begin + timeout;
    record.started_at = begin.time_since_epoch().count();
    {
        const std::lock_guard lock(mutex_);
        watched_ = &record;
        cancel_at_ = begin + std::min(timeout, cancel_after.value_or(timeout));
        stuck_at_ = record.deadline + kGrace;
    }
    changed_.notify_one();
    host_->Handle(record);
    const auto reply = WaitForReply(record, record.deadline);
    const TimePoint end = Clock::now();
    {
        const std::lock_guard lock(mutex_);
        watched_ = nullptr;
    }
    last_is_free_ = reply.has_value();
    if (!reply) {
        host_->Cancel(record);
        result.detail = "no answer within its deadline";
    } else if (end >= record.deadline) {
        result.detail = "the answer came after its deadline";
    } else {
        result = Decode(*reply);
    }
    result.time = end - begin;
    return result;
}

std::optional<ReplyItem> Invoker::WaitForReply(const RequestRecord& record, TimePoint until) {
    std::vector<Finished> taken;
    for (;;) {
        wakeup_.Clear();
        finished_.TakeAll(taken);
        // Of a request that timed out before, an answer may come now: it is too late.
        for (Finished& finished : taken) {
            if (finished.record == &record) return std::move(finished.reply);
        }
        taken.clear();
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return std::nullopt;
        pollfd descriptor{.fd = wakeup_.fd(), .events = POLLIN, .revents = 0};
        ::poll(&descriptor, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    }
}

void Invoker::Watch() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (ending_) return;
        if (watched_ == nullptr) {
            changed_.wait(lock);
            continue;
        }
        const TimePoint now = Clock::now();
        if (now >= stuck_at_) {
            lock.unlock();
            on_stuck_();
            return;
        }
        if (now >= cancel_at_) {
            cancel_at_ = TimePoint::max();
            host_->Cancel(*watched_);
        }
        changed_.wait_until(lock, std::min(cancel_at_, stuck_at_));
    }
}

}  // namespace holdfast::worker
