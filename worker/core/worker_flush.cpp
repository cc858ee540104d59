// What Worker does at the end of a turn, and what time alone makes it do.
#include <algorithm>
#include <utility>

#include "worker/core/worker.h"

namespace holdfast::worker {
namespace {

constexpr Duration kTickInterval = std::chrono::milliseconds(50);
constexpr std::uint64_t kBatchBytes = 256U << 10U;
constexpr std::uint64_t kItemOverhead = 32;
// A gateway takes 4096 items in one envelope: these, and the few that come one at a time.
constexpr std::size_t kReturnsPerEnvelope = 1024;
constexpr std::size_t kRepliesPerEnvelope = 3000;

std::uint64_t WireBytes(const ReplyItem& reply) {
    return reply.encoded.size() + reply.detail.size() + kItemOverhead;
}

}  // namespace

void Worker::Tick(TimePoint now) {
    next_tick_ = now + kTickInterval;
    for (const auto& owned : links_) {
        Link& link = *owned;
        if (link.InSession() && now >= link.suspect_until) {
            counters_.Add(Counter::kGatewaysLost);
            EndSession(link);
            WantHello(link, now);
        } else if (!link.InSession() && now >= link.next_hello) {
            WantHello(link, now);
        }
        DropExpired(link, now);
    }
    HandBackStuck(now);
    if (now >= next_decay_) {
        next_decay_ = now + kDemandHalfLife;
        for (const auto& link : links_) link->credit.demand /= 2;
        credit_dirty_ = true;
    }
    credit_due_ = true;
    UpdateDrain(now);
}

void Worker::DropExpired(Link& link, TimePoint now) {
    for (RequestRecord* record = link.unstarted.front(); record != nullptr;) {
        RequestRecord* const next = PlaceList::Next(*record);
        if (now >= record->deadline && !record->Started() && WithdrawUnstarted(*record)) {
            counters_.Add(Counter::kDroppedExpired);
            ++link.dropped_expired;
            Drop(link, *record);
        }
        record = next;
    }
}

void Worker::HandBackStuck(TimePoint now) {
    const TimePoint since = handlers_.AllBusySince();
    if (stuck_since_ != TimePoint::max() && since != stuck_since_) {
        stuck_since_ = TimePoint::max();
        credit_dirty_ = true;
    }
    if (since == TimePoint::max() || now - since < options_.stuck_after) return;
    stuck_since_ = since;
    for (const auto& owned : links_) {
        Link& link = *owned;
        for (RequestRecord* record = link.unstarted.front(); record != nullptr;) {
            RequestRecord* const next = PlaceList::Next(*record);
            if (now - record->arrived >= options_.stuck_after && !record->Started() &&
                WithdrawUnstarted(*record)) {
                counters_.Add(Counter::kReturnedStuck);
                link.returns.push_back({record->id, record->attempt, ReturnReason::kStuck});
                Drop(link, *record);
            }
            record = next;
        }
    }
}

void Worker::UpdateCredit(TimePoint now) {
    // While every thread is stuck no credit comes back: what was handed back would return at once.
    // While draining none is wanted.
    if (stuck_since_ != TimePoint::max() || drain_ != DrainState::kServing) return;
    credit_dirty_ = false;
    accounts_.clear();
    for (const auto& link : links_) {
        if (link->phase == Link::Phase::kOpen) accounts_.push_back(&link->credit);
    }
    // Replies that wait are paid for with requests too: one that has no body may have a large
    // reply. A gateway that nothing is held for still gets its one request.
    Capacity capacity;
    if (held_bytes_ <= options_.capacity_bytes) {
        // Of sessions that are over, and of replies beyond their requests.
        std::uint64_t elsewhere = held_bytes_;
        for (const CreditAccount* account : accounts_) {
            elsewhere -= std::min(elsewhere, account->bytes.held());
        }
        capacity.requests = options_.capacity_requests -
                            std::min<std::uint64_t>(options_.capacity_requests, orphaned_.requests);
        capacity.bytes = options_.capacity_bytes - elsewhere;
    }
    SplitCredit(accounts_, capacity, now);
}

bool Worker::Flush(Transmitter& transmitter, TimePoint now) {
    if (!arrivals_.empty()) {
        for (RequestRecord* record : arrivals_) record->state = State::kHanded;
        handlers_.Submit(arrivals_);
        arrivals_.clear();
    }
    if (credit_dirty_) UpdateCredit(now);
    bool blocked = false;
    for (const auto& link : links_) {
        if (FlushLink(*link, transmitter, now)) blocked = true;
    }
    credit_due_ = false;
    if (drain_ == DrainState::kDraining) UpdateDrain(now);
    return blocked;
}

std::uint64_t Worker::CollectReplies(Link& link) {
    batch_.clear();
    const std::uint64_t limit =
        std::min(kBatchBytes, std::max(link.terms.max_message_bytes, kEnvelopeOverhead));
    std::uint64_t bytes = kEnvelopeOverhead + link.returns.size() * kItemOverhead;
    std::uint64_t payload = 0;
    for (RequestRecord* record = link.replying.front(); record != nullptr;
         record = PlaceList::Next(*record)) {
        if (payload >= link.ReplyBytesLeft() || batch_.size() == kRepliesPerEnvelope) break;
        const std::uint64_t size = WireBytes(record->reply);
        if (!batch_.empty() && bytes + size > limit) break;
        bytes += size;
        payload += record->reply.payload_bytes;
        batch_.push_back(record);
    }
    return payload;
}

void Worker::CreditReplies(Link& link, TimePoint now) {
    // Announced in the envelope that carries the replies, so that a worker of capacity 1 needs one.
    for (RequestRecord* record : batch_) {
        if (std::exchange(record->credited, true)) continue;
        link.credit.Done(record->payload_bytes);
        Count(*record, 0);
        credit_dirty_ = true;
    }
    if (credit_dirty_) UpdateCredit(now);
}

bool Worker::CreditIsWorthSending(const Link& link) const {
    const CreditTotals& requests = link.credit.requests;
    const CreditTotals& bytes = link.credit.bytes;
    const std::uint64_t more = requests.granted - link.announced.requests_total;
    const std::uint64_t more_bytes = bytes.granted - link.announced.bytes_total;
    if (more == 0 && more_bytes == 0) return false;
    const auto left = [](std::uint64_t announced, std::uint64_t received) {
        return announced > received ? announced - received : 0;
    };
    return credit_due_ || more > left(link.announced.requests_total, requests.received) ||
           more_bytes > left(link.announced.bytes_total, bytes.received);
}

bool Worker::FlushLink(Link& link, Transmitter& transmitter, TimePoint now) {
    if (link.hello_wanted) {
        Outgoing hello;
        hello.hello = true;
        hello.link = link.id.value;
        if (transmitter.Transmit(link.id, hello) == TransmitResult::kLater) return true;
        link.hello_wanted = false;
        link.next_hello = now + options_.hello_retry;
        return false;
    }
    if (FlushDescription(link, transmitter, now)) return true;
    while (link.InSession()) {
        const std::uint64_t payload = CollectReplies(link);
        CreditReplies(link, now);
        const bool credit = !batch_.empty() || link.pong_wanted != 0 || CreditIsWorthSending(link);
        if (!credit && link.returns.empty() && !link.goodbye_wanted) return false;

        const RequestCreditItem totals{link.credit.requests.granted, link.credit.bytes.granted};
        PongItem pong;
        Outgoing out;
        out.session = link.session;
        out.goodbye = link.goodbye_wanted;
        if (link.pong_wanted != 0) {
            pong = link.MakePong(now);
            out.pong = &pong;
        }
        if (totals.requests_total != link.announced.requests_total ||
            totals.bytes_total != link.announced.bytes_total) {
            out.credit = &totals;
        }
        out.replies = batch_;
        const std::size_t returns = std::min(link.returns.size(), kReturnsPerEnvelope);
        out.returns = std::span(link.returns).first(returns);
        if (transmitter.Transmit(link.id, out) == TransmitResult::kLater) return true;

        link.pong_wanted = 0;
        link.goodbye_wanted = false;
        link.announced = totals;
        link.reply_bytes_sent += payload;
        link.returns.erase(link.returns.begin(),
                           link.returns.begin() + static_cast<std::ptrdiff_t>(returns));
        CommitReplies(link);
    }
    return false;
}

bool Worker::FlushDescription(Link& link, Transmitter& transmitter, TimePoint now) {
    if (!link.InSession() || link.describe_wanted == 0) return false;
    const DescriptionItem description{link.describe_wanted, &counters_, now};
    Outgoing out;
    out.session = link.session;
    out.description = &description;
    if (transmitter.Transmit(link.id, out) == TransmitResult::kLater) return true;
    link.describe_wanted = 0;
    return false;
}

void Worker::CommitReplies(Link& link) {
    for (RequestRecord* record : batch_) Drop(link, *record);
    batch_.clear();
}

void Worker::BeginDrain(TimePoint now) {
    if (drain_ != DrainState::kServing) return;
    drain_ = DrainState::kDraining;
    drain_until_ = now + options_.drain_timeout;
    for (const auto& link : links_) {
        link->hello_wanted = false;
        link->goodbye_wanted = link->InSession();
    }
}

void Worker::Abandon() {
    for (const auto& link : links_) EndSession(*link);
}

void Worker::UpdateDrain(TimePoint now) {
    if (drain_ != DrainState::kDraining) return;
    const bool told = std::none_of(links_.begin(), links_.end(), [](const auto& link) {
        return link->phase == Link::Phase::kOpen || !link->returns.empty();
    });
    if (told && held_ == 0) {
        drain_ = DrainState::kDrained;
    } else if (now >= drain_until_) {
        drain_ = DrainState::kTimedOut;
    }
}

}  // namespace holdfast::worker
