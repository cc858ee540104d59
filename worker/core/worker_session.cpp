// How a session with a gateway begins, lives and ends.
#include <algorithm>
#include <utility>

#include "worker/core/worker.h"

namespace holdfast::worker {

void Worker::BeginTurn(TimePoint now) {
    for (const auto& link : links_) {
        if (!link->InSession() || now <= link->lease_until) continue;
        counters_.Add(Counter::kLeasesLost);
        EndSession(*link);
        WantHello(*link, now);
    }
}

void Worker::WantHello(Link& link, TimePoint now) {
    if (drain_ != DrainState::kServing) return;
    link.phase = Link::Phase::kHelloSaid;
    link.hello_wanted = true;
    link.next_hello = now + options_.hello_retry;
}

void Worker::OnWhoAreYou(LinkId id, TimePoint now) {
    Link* const link = Find(id);
    if (link == nullptr) return;
    // The gateway asks once for the probe and once more for whatever came before our Hello: one
    // answer is enough, a second one would open a second session.
    const bool asked_before = link->phase == Link::Phase::kHelloSaid && now < link->next_hello;
    const bool wait = link->phase == Link::Phase::kRefused && now < link->next_hello;
    if (asked_before || wait) return;
    if (link->InSession()) {
        counters_.Add(Counter::kGatewaysLost);
        EndSession(*link);
    }
    WantHello(*link, now);
}

void Worker::OnWelcome(LinkId id, std::uint64_t session, const WelcomeItem& welcome,
                       TimePoint now) {
    Link* const link = Find(id);
    if (link == nullptr || session == 0) return;
    if (link->InSession()) EndSession(*link);
    link->ResetSession();
    link->phase = Link::Phase::kOpen;
    link->hello_wanted = false;
    link->session = session;
    link->terms = welcome;
    link->lease_until = now + welcome.lease;
    link->lease.RenewUntil(link->lease_until);
    link->credit.last_received = now;
    link->goodbye_wanted = drain_ != DrainState::kServing;
    credit_dirty_ = credit_due_ = true;
    counters_.Add(Counter::kSessionsOpened);
}

void Worker::OnRefused(LinkId id, TimePoint now) {
    Link* const link = Find(id);
    if (link == nullptr) return;
    if (link->InSession()) EndSession(*link);
    link->phase = Link::Phase::kRefused;
    link->hello_wanted = false;
    link->next_hello = now + options_.refused_retry;
}

void Worker::OnPing(LinkId id, std::uint64_t session, std::uint64_t sequence, TimePoint now) {
    Link* const link = FindInSession(id, session);
    if (link == nullptr) return;
    link->lease_until = now + link->terms.lease;
    link->lease.RenewUntil(link->lease_until);
    link->pong_wanted = sequence;
}

void Worker::OnReplyCredit(LinkId id, std::uint64_t session, std::uint64_t bytes_total) {
    Link* const link = FindInSession(id, session);
    if (link == nullptr) return;
    link->reply_bytes_total = std::max(link->reply_bytes_total, bytes_total);
}

void Worker::OnDescribe(LinkId id, std::uint64_t session, std::uint64_t number) {
    Link* const link = FindInSession(id, session);
    if (link != nullptr) link->describe_wanted = number;
}

void Worker::OnGoodbyeAck(LinkId id, std::uint64_t session) {
    Link* const link = FindInSession(id, session);
    if (link != nullptr && drain_ == DrainState::kDraining) link->phase = Link::Phase::kLeaving;
}

void Worker::OnConnectionLost(LinkId id, TimePoint now) {
    Link* const link = Find(id);
    if (link == nullptr) return;
    if (link->InSession()) {
        link->suspect_until = now + link->terms.ping_interval + link->terms.ping_interval / 4;
    } else if (!link->hello_wanted) {
        link->phase = Link::Phase::kSilent;  // what was said to that connection has no answer now
        link->next_hello = now + options_.hello_retry;
    }
}

void Worker::OnLinkReset(LinkId id) {
    if (Link* link = Find(id)) EndSession(*link);
}

void Worker::EndSession(Link& link) {
    link.lease.End();
    for (PlaceList* list : {&link.unstarted, &link.running, &link.replying}) {
        while (RequestRecord* record = list->front()) {
            if (record->state == State::kReplying) {
                counters_.Add(Counter::kRepliesOfLostSession);
                Forget(link, *record);
            } else if (!record->Started() && WithdrawUnstarted(*record)) {
                counters_.Add(Counter::kDroppedLeaseLost);
                Forget(link, *record);
            } else {
                list->Remove(*record);
                Orphan(*record);
            }
        }
    }
    link.ResetSession();
    link.phase = Link::Phase::kSilent;
    link.hello_wanted = false;
    credit_dirty_ = true;
}

void Worker::Orphan(RequestRecord& record) {
    records_.Erase(record);
    orphans_.PushBack(record);
    orphaned_.requests += 1;
    orphaned_.bytes += record.payload_bytes;
    record.orphan = true;
    if (!std::exchange(record.cancelled, true)) handlers_.Cancel(record);
}

}  // namespace holdfast::worker
