#include "worker/core/worker.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "worker/core/mutation.h"

namespace holdfast::worker {
namespace {

constexpr std::uint64_t kOrphansBeyondCapacity = 1024;

}  // namespace

Worker::Worker(const WorkerOptions& options, Handlers& handlers)
    : options_(options), handlers_(handlers), records_(options.capacity_requests) {}

Worker::~Worker() = default;

LinkId Worker::AddLink(TimePoint now) {
    links_.push_back(std::make_unique<Link>(LinkId{++last_link_}));
    links_.back()->next_hello = now + options_.hello_retry;
    return links_.back()->id;
}

void Worker::RemoveLink(LinkId id) {
    if (Link* link = Find(id)) EndSession(*link);
    std::erase_if(links_, [id](const auto& link) { return link->id == id; });
}

Link* Worker::Find(LinkId id) const {
    for (const auto& link : links_) {
        if (link->id == id) return link.get();
    }
    return nullptr;
}

Link* Worker::FindInSession(LinkId id, std::uint64_t session) {
    Link* const link = Find(id);
    if (link != nullptr && link->InSession() && link->session == session) {
        link->suspect_until = TimePoint::max();
        return link;
    }
    counters_.Add(Counter::kItemsOfOtherSession);
    return nullptr;
}

bool Worker::InSession(LinkId id) const {
    const Link* const link = Find(id);
    return link != nullptr && link->InSession();
}

bool Worker::InAnySession() const {
    return std::any_of(links_.begin(), links_.end(),
                       [](const auto& link) { return link->InSession(); });
}

bool Worker::ExceedsCredit(const Link& link) const {
    return link.credit.requests.received >= link.announced.requests_total ||
           link.credit.bytes.received >= link.announced.bytes_total;
}

bool Worker::ExceedsCapacity(const Link& link) const {
    // The one request that each gateway may always have must not become one more for each session
    // whose requests are never answered.
    if (orphaned_.requests >= options_.capacity_requests + kOrphansBeyondCapacity) return true;
    if (link.credit.requests.held() == 0) return false;
    return held_ >= options_.capacity_requests + links_.size() ||
           held_bytes_ >= 2 * options_.capacity_bytes;
}

void Worker::Count(RequestRecord& record, std::uint64_t bytes) {
    held_bytes_ += bytes - record.counted_bytes;  // unsigned: the sum is right either way
    record.counted_bytes = bytes;
}

void Worker::ReturnNow(Link& link, const RequestItem& item, ReturnReason reason, TimePoint now) {
    link.credit.Receive(item.payload_bytes, now);
    link.credit.Done(item.payload_bytes);
    link.returns.push_back({item.id, item.attempt, reason});
    credit_dirty_ = true;
}

bool Worker::OnRequest(LinkId id, std::uint64_t session, RequestItem item, TimePoint now) {
    Link* const link = FindInSession(id, session);
    if (link == nullptr) return true;
    if (item.sequence <= link->last_sequence) return false;
    if (link->returns.size() > 2 * std::size_t{options_.capacity_requests} + 1024) return false;
    link->last_sequence = item.sequence;
    counters_.Add(Counter::kReceived);
    if (ExceedsCredit(*link)) {
        counters_.Add(Counter::kReturnedOverCredit);
        ReturnNow(*link, item, ReturnReason::kOverCredit, now);
    } else if (link->phase == Link::Phase::kLeaving) {
        counters_.Add(Counter::kReturnedDraining);
        ReturnNow(*link, item, ReturnReason::kDraining, now);
    } else if (!item.served) {
        counters_.Add(Counter::kReturnedNoService);
        ReturnNow(*link, item, ReturnReason::kNoService, now);
    } else if (ExceedsCapacity(*link)) {
        counters_.Add(Counter::kReturnedStuck);
        ReturnNow(*link, item, ReturnReason::kStuck, now);
    } else if (records_.Find(id, item.id) != nullptr) {
        counters_.Add(Counter::kDuplicateIds);
        return false;
    } else {
        link->credit.Receive(item.payload_bytes, now);
        RequestRecord& record = records_.Allocate();
        record.link = id;
        record.id = item.id;
        record.attempt = item.attempt;
        record.sequence = item.sequence;
        record.payload_bytes = item.payload_bytes;
        record.max_reply_bytes = link->terms.max_reply_bytes;
        record.arrived = now;
        record.deadline = now + item.timeout;
        record.lease = &link->lease;
        record.payload = std::move(item.payload);
        record.state = State::kArrived;
        records_.Insert(record);
        link->unstarted.PushBack(record);
        arrivals_.push_back(&record);
        ++held_;
        Count(record, record.payload_bytes);
    }
    return true;
}

bool Worker::WithdrawUnstarted(RequestRecord& record) {
    if (record.state == State::kHanded) return handlers_.Withdraw(record);
    assert(record.state == State::kArrived);
    std::erase(arrivals_, &record);
    return true;
}

void Worker::Forget(Link& link, RequestRecord& record) {
    PlaceList& list = record.state == State::kReplying ? link.replying
                      : record.in_running              ? link.running
                                                       : link.unstarted;
    list.Remove(record);
    records_.Erase(record);
    --held_;
    Count(record, 0);
    records_.Free(record);
    credit_dirty_ = true;
}

void Worker::Drop(Link& link, RequestRecord& record) {
    const bool lost = record.cancelled && Broken(Rule::kCancelGivesCreditBack);
    if (!record.credited && !lost) link.credit.Done(record.payload_bytes);
    Forget(link, record);
}

void Worker::OnCancel(LinkId id, std::uint64_t session, std::uint64_t request,
                      std::uint32_t attempt) {
    Link* const link = FindInSession(id, session);
    if (link == nullptr) return;
    RequestRecord* const record = records_.Find(id, request);
    if (record == nullptr || record->attempt != attempt) {
        counters_.Add(Counter::kCancelsUnknown);
    } else if (record->state == State::kReplying) {
        counters_.Add(Counter::kRepliesCancelled);
        Drop(*link, *record);
    } else if (!record->Started() && WithdrawUnstarted(*record)) {
        counters_.Add(Counter::kDroppedCancelled);
        ++link->dropped_cancelled;
        Drop(*link, *record);
    } else if (!std::exchange(record->cancelled, true)) {
        handlers_.Cancel(*record);
    }
}

void Worker::FreeOrphan(RequestRecord& record) {
    orphans_.Remove(record);
    orphaned_.requests -= 1;
    orphaned_.bytes -= record.payload_bytes;
    --held_;
    Count(record, 0);
    records_.Free(record);
    credit_dirty_ = true;
}

void Worker::OnFinished(RequestRecord& record, ReplyItem reply) {
    counters_.Add(Counter::kFinished);
    if (reply.kind == ReplyKind::kFailed) counters_.Add(Counter::kFailed);
    if (reply.kind == ReplyKind::kNotProcessed) counters_.Add(Counter::kNotProcessed);
    if (record.orphan) {
        counters_.Add(Counter::kRepliesOfLostSession);
        FreeOrphan(record);
        return;
    }
    Link& link = *Find(record.link);
    if (!record.in_running) ++link.started_total;
    if (record.cancelled) {
        counters_.Add(Counter::kRepliesCancelled);
        Drop(link, record);
        return;
    }
    // Many small headers may take more bytes on the wire than they count as payload.
    if (reply.payload_bytes > record.max_reply_bytes ||
        reply.encoded.size() + kEnvelopeOverhead > link.terms.max_message_bytes) {
        counters_.Add(Counter::kRepliesTooLarge);
        std::string detail = "the reply has " + std::to_string(reply.payload_bytes) +
                             " bytes, the gateway takes " + std::to_string(record.max_reply_bytes);
        const std::uint64_t size = detail.size();
        reply = {.kind = ReplyKind::kFailed,
                 .payload_bytes = size,
                 .encoded = {},
                 .detail = std::move(detail)};
    }
    (record.in_running ? link.running : link.unstarted).Remove(record);
    record.payload.reset();
    record.reply = std::move(reply);
    Count(record, std::max<std::uint64_t>(record.payload_bytes, record.reply.encoded.size() +
                                                                    record.reply.detail.size()));
    record.state = State::kReplying;
    link.replying.PushBack(record);
}

void Worker::OnNotStarted(RequestRecord& record, StartVerdict verdict) {
    if (record.orphan) {
        counters_.Add(Counter::kDroppedLeaseLost);
        FreeOrphan(record);
        return;
    }
    Link& link = *Find(record.link);
    if (record.cancelled) {
        counters_.Add(Counter::kDroppedCancelled);
        ++link.dropped_cancelled;
    } else if (verdict == StartVerdict::kExpired) {
        counters_.Add(Counter::kDroppedExpired);
        ++link.dropped_expired;
    } else {
        // The Ping came just in time after all, so that the session lives: somebody may still wait.
        counters_.Add(Counter::kReturnedStuck);
        link.returns.push_back({record.id, record.attempt, ReturnReason::kStuck});
    }
    Drop(link, record);
}

}  // namespace holdfast::worker
