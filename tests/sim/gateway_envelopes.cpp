// What a gateway reads and sends, and an onlooker's account of it.
#include <algorithm>
#include <utility>

#include "tests/sim/gateway_node.h"

namespace holdfast::sim {

using gateway::CorrelationId;
using gateway::TransmitResult;

/// True when more is left to read. Of a closed connection, what had arrived can still be read.
bool GatewayNode::Receive(std::size_t most, TimePoint now) {
    bool more = false;
    for (auto entry = connections_.begin(); entry != connections_.end();) {
        const ConnectionRef connection = entry->second;
        auto& arrived = connection->to_gateway.arrived;
        for (std::size_t i = 0; i < most && !arrived.empty(); ++i) {
            ToGateway envelope = std::move(arrived.front());
            arrived.pop_front();
            OnEnvelope(connection, envelope, now);
            CheckTheDead();
        }
        more = more || !arrived.empty();
        const bool over = connection->closed_at_gateway && arrived.empty();
        entry = over ? connections_.erase(entry) : std::next(entry);
    }
    return more;
}

void GatewayNode::OnEnvelope(const ConnectionRef& from, ToGateway& envelope, TimePoint now) {
    const gateway::PeerId peer = from->peer;
    const std::uint64_t session = envelope.session;
    if (envelope.malformed) {
        dispatcher_->OnMalformed(peer, gateway::Counter::kMalformedEnvelope, now);
        return;
    }
    if (envelope.probe) dispatcher_->OnProbe(peer);
    if (envelope.hello) {
        last_hello_ = peer;
        dispatcher_->OnHello(peer, *std::move(envelope.hello), now);
    }
    for (const ToGateway::Reply& reply : envelope.replies) OnReply(peer, session, reply, now);
    OnReturns(peer, session, envelope.returns, now);
    if (envelope.credit) {
        if (Account* account = AccountOf(peer, session)) {
            account->requests_granted = envelope.credit->requests_total;
            account->bytes_granted = envelope.credit->bytes_total;
        }
        dispatcher_->OnRequestCredit(
            peer, session, {envelope.credit->requests_total, envelope.credit->bytes_total}, now);
    }
    if (envelope.pong) {
        const worker::PongItem& pong = *envelope.pong;
        dispatcher_->OnPong(
            peer, session,
            {pong.sequence, pong.started_through, pong.oldest_started, pong.queued, pong.running},
            now);
    }
    if (envelope.goodbye) dispatcher_->OnGoodbye(peer, session, now);
}

void GatewayNode::OnReply(gateway::PeerId peer, std::uint64_t session,
                          const ToGateway::Reply& reply, TimePoint now) {
    const bool owed =
        AccountOf(peer, session) != nullptr &&
        stage_.ledger.IsWith(reply.number, {session, CorrelationId(reply.id), reply.attempt});
    gateway::ReplyItem item;
    item.id = CorrelationId(reply.id);
    item.attempt = reply.attempt;
    item.payload_bytes = reply.payload_bytes;
    item.reply.kind = static_cast<gateway::Reply::Kind>(reply.kind);
    item.reply.status = 200;
    item.reply.body = reply.number == kNobodys ? "nobody's" : std::to_string(reply.number);
    dispatcher_->OnReply(peer, session, std::move(item), now);
    Account* account = AccountOf(peer, session);
    if (account == nullptr) return;
    account->reply_bytes_received += reply.payload_bytes;
    Require(!owed || stage_.ledger.completed(reply.number), Promise::kArrivedReplyCounts,
            "request ", reply.number, " is open after its reply");
}

void GatewayNode::OnReturns(gateway::PeerId peer, std::uint64_t session,
                            const std::vector<worker::ReturnItem>& items, TimePoint now) {
    std::vector<gateway::ReturnItem> returns;
    for (const worker::ReturnItem& item : items) {
        const auto number = number_of_.find(item.id);
        const bool owned =
            number != number_of_.end() && AccountOf(peer, session) != nullptr &&
            stage_.ledger.IsWith(number->second, {session, CorrelationId(item.id), item.attempt});
        if (owned) {
            stage_.trace.Say("gateway ", index_, ": request ", number->second, " was handed back");
            stage_.ledger.OnReturned(number->second);
        }
        returns.push_back({CorrelationId(item.id), item.attempt});
    }
    dispatcher_->OnReturns(peer, session, returns, now);
}

TransmitResult GatewayNode::Transmit(gateway::PeerId peer, const gateway::Outgoing& outgoing) {
    Require(outgoing.session == 0 || !ended_sessions_.contains(outgoing.session),
            Promise::kNothingToTheDead, "session ", outgoing.session);
    const auto found = connections_.find(peer);
    if (found == connections_.end() || found->second->closed_at_gateway) {
        return TransmitResult::kUnreachable;
    }
    const ConnectionRef& connection = found->second;
    if (connection->to_worker.full()) return TransmitResult::kFull;

    ToWorker envelope;
    envelope.session = outgoing.session;
    envelope.who_are_you = outgoing.who_are_you;
    envelope.refused = outgoing.refusal != gateway::Outgoing::Refusal::kNone;
    envelope.goodbye_ack = outgoing.goodbye_ack;
    if (outgoing.welcome != nullptr) {
        const gateway::OutgoingWelcome& welcome = *outgoing.welcome;
        envelope.welcome = {welcome.ping_interval, welcome.lease, welcome.max_message_bytes,
                            welcome.max_reply_bytes};
    }
    envelope.ping = outgoing.ping_sequence;
    envelope.reply_credit = outgoing.reply_credit_bytes;
    if (outgoing.reply_credit_bytes != 0) {
        std::uint64_t& granted = accounts_[outgoing.session].reply_bytes_granted;
        Require(outgoing.reply_credit_bytes >= granted, Promise::kReplyCredit,
                "reply credit shrinks");
        granted = outgoing.reply_credit_bytes;
    }
    for (const gateway::OutgoingRequest& request : outgoing.requests) {
        SendRequest(outgoing.session, request, envelope);
    }
    envelope.cancels.assign(outgoing.cancels.begin(), outgoing.cancels.end());
    stage_.network.Send(connection, std::move(envelope));
    return TransmitResult::kSent;
}

void GatewayNode::SendRequest(std::uint64_t session, const gateway::OutgoingRequest& outgoing,
                              ToWorker& envelope) {
    const gateway::Request& request = *outgoing.request;
    const std::uint64_t number = std::stoull(request.target);
    Account& account = accounts_[session];
    Require(account.requests_sent < account.requests_granted, Promise::kRequestCredit,
            "more requests than credit");
    Require(account.bytes_sent < account.bytes_granted, Promise::kRequestCredit,
            "more than the last request exceeds the credit in bytes");
    Require(outgoing.sequence == account.last_sequence + 1, Promise::kContractKept,
            "sequences have gaps");
    Require(outgoing.timeout_ms > 0 && request.deadline > scheduler_.now(),
            Promise::kExpiredIsNotSent, "request ", number);
    account.last_sequence = outgoing.sequence;
    ++account.requests_sent;
    account.bytes_sent += request.PayloadBytes();
    stage_.trace.Say("gateway ", index_, ": sends request ", number, ", attempt ", outgoing.attempt,
                     ", in session ", session);
    stage_.ledger.OnSent(number, {session, outgoing.id, outgoing.attempt},
                         request.received == scheduler_.now());
    number_of_[outgoing.id.value()] = number;
    envelope.requests.push_back({outgoing.id.value(), outgoing.attempt, outgoing.sequence,
                                 outgoing.timeout_ms, request.PayloadBytes(), number,
                                 request.route->service_index});
}

}  // namespace holdfast::sim
