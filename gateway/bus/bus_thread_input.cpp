// What comes in: envelopes from the workers, news of their connections, work from the loops.
#include "gateway/bus/bus_thread.h"

#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

using Topic = FoldingLog::Topic;

/// libzmq tells of a closed connection before the socket itself knows: a probe sent in between
/// succeeds and is lost, so each disconnect is followed by more probes, after 5, 20 and 80 ms.
constexpr Duration kFirstProbeAgain = std::chrono::milliseconds(5);
constexpr Duration kLastProbeAgain = std::chrono::milliseconds(80);

}  // namespace

bool BusThread::Receive(std::size_t max_envelopes, std::size_t max_items, TimePoint now) {
    std::size_t items = 0;
    for (std::size_t i = 0; i < max_envelopes && items < max_items; ++i) {
        std::string_view routing_id;
        std::string_view envelope;
        const RouterSocket::Receipt receipt = socket_.Receive(routing_id, envelope);
        if (receipt == RouterSocket::Receipt::kNothing) return false;
        counters_.Add(Counter::kEnvelopesReceived);
        if (routing_id.size() > PeerDirectory::kMaxRoutingIdBytes) {
            counters_.Add(Counter::kMalformedFrames);
            continue;
        }
        const PeerId peer = peers_.Hear(routing_id);
        if (receipt == RouterSocket::Receipt::kBadFrames) {
            OnMalformed(peer, Counter::kMalformedFrames, now);
            continue;
        }
        OnEnvelope(peer, envelope, now);
        items += incoming_.replies.size() + incoming_.returns.size();
    }
    return true;
}

void BusThread::OnMalformed(PeerId peer, Counter reason, TimePoint now) {
    dispatcher_.OnMalformed(peer, reason, now);
    log_.Write(
        Topic::kMalformed, BusLogLevel::kWarn,
        "an envelope from a worker could not be used: " + std::string(Describe(reason).label_value),
        now);
}

void BusThread::OnEnvelope(PeerId peer, std::string_view envelope, TimePoint now) {
    if (const auto reason = decoder_.Decode(envelope, incoming_)) {
        OnMalformed(peer, *reason, now);
        // Whoever says such a Hello is told so, else it would go on saying it.
        if (*reason == Counter::kMalformedHello) {
            HelloItem nameless;
            nameless.protocol = kProtocolVersion;
            dispatcher_.OnHello(peer, std::move(nameless), now);
        }
        return;
    }
    const std::uint64_t session = incoming_.session;
    if (incoming_.empty()) dispatcher_.OnProbe(peer);
    if (incoming_.hello) {
        greeted_ = *incoming_.hello;
        dispatcher_.OnHello(peer, std::move(*incoming_.hello), now);
    }
    if (incoming_.replies_over_limit != 0) {
        counters_.Add(Counter::kMalformedReply, incoming_.replies_over_limit);
    }
    for (ReplyItem& reply : incoming_.replies) {
        dispatcher_.OnReply(peer, session, std::move(reply), now);
    }
    dispatcher_.OnReturns(peer, session, incoming_.returns, now);
    if (incoming_.request_credit) {
        dispatcher_.OnRequestCredit(peer, session, *incoming_.request_credit, now);
    }
    if (incoming_.pong) dispatcher_.OnPong(peer, session, *incoming_.pong, now);
    if (incoming_.description) {
        dispatcher_.OnDescription(peer, session, std::move(*incoming_.description), now);
    }
    if (incoming_.goodbye) dispatcher_.OnGoodbye(peer, session, now);
}

void BusThread::WatchConnections(TimePoint now) {
    const PeerMonitor::Changes changes = socket_.monitor().Take();
    if (changes.accepted != 0 || changes.disconnected != 0) socket_.ApplyConnectionLimit();
    if (changes.disconnected != 0) {
        dispatcher_.ProbeAll();
        probe_again_in_ = kFirstProbeAgain;
        probe_again_at_ = now + probe_again_in_;
    }
    if (changes.handshakes_failed != 0) {
        counters_.Add(Counter::kHandshakesFailed, changes.handshakes_failed);
        log_.Write(Topic::kConnections, BusLogLevel::kWarn,
                   std::to_string(changes.handshakes_failed) +
                       " connections to the bus were not workers: no ZMTP handshake",
                   now);
    }
}

void BusThread::WatchStreams(TimePoint now) {
    StreamGuard* const guard = socket_.guard();
    if (guard == nullptr || !guard->HasNews()) return;
    const StreamGuard::News news = guard->TakeNews();
    if (news.ignored != 0) {
        log_.Write(Topic::kConnections, BusLogLevel::kWarn,
                   std::to_string(news.ignored) +
                       " ZMTP commands on the bus were ignored, such as heartbeats of a worker",
                   now);
    }
    if (news.disconnected == 0) return;
    counters_.Add(Counter::kMalformedFrames, news.disconnected);
    log_.Write(Topic::kMalformed, BusLogLevel::kWarn,
               news.latest + " was disconnected: a message on the bus has one frame", now);
}

void BusThread::Authenticate(TimePoint now) {
    Authenticator* authenticator = socket_.authenticator();
    const std::size_t refused = authenticator ? authenticator->Answer() : 0;
    if (refused == 0) return;
    counters_.Add(Counter::kHandshakesRefused, refused);
    log_.Write(Topic::kConnections, BusLogLevel::kWarn,
               std::to_string(refused) +
                   " connections to the bus were turned away: their key is not among the workers'",
               now);
}

void BusThread::ProbeAgain(TimePoint now) {
    dispatcher_.ProbeAll();
    probe_again_in_ *= 4;
    probe_again_at_ = probe_again_in_ <= kLastProbeAgain ? now + probe_again_in_ : TimePoint::max();
}

void BusThread::TakeInbox(TimePoint now) {
    inbox_.TakeAll(taken_);
    for (BusItem& item : taken_) {
        switch (item.kind) {
            case BusItem::Kind::kSubmit:
                dispatcher_.Submit(std::move(item.deferred), now);
                break;
            case BusItem::Kind::kCancel:
                dispatcher_.Cancel(item.deferred, now);
                break;
        }
    }
    taken_.clear();
}

}  // namespace holdfast::gateway
