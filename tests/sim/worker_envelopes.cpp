// What a worker sends: what its core says, and the lies that it was told to tell.
#include <algorithm>
#include <utility>

#include "tests/sim/worker_node.h"

namespace holdfast::sim {

using worker::RequestRecord;
using worker::TransmitResult;

TransmitResult WorkerNode::Transmit(worker::LinkId link, const worker::Outgoing& outgoing) {
    Socket& socket = SocketOf(link);
    if (!socket.connection || socket.connection->to_gateway.full()) return TransmitResult::kLater;
    ToGateway envelope;
    envelope.session = outgoing.session;
    if (outgoing.hello) {
        gateway::HelloItem& hello = envelope.hello.emplace();
        hello.protocol = options_.protocol;
        hello.instance = options_.instance;
        hello.threads = static_cast<std::uint32_t>(options_.threads);
        for (const std::string& service : options_.services) {
            hello.services.push_back({service, "sim", "1"});
        }
        if (hello.protocol != worker::kProtocolVersion) {
            stage_.coverage.Count(Seen::kWorkerOfAnotherProtocol);
        }
    }
    envelope.goodbye = outgoing.goodbye;
    if (outgoing.pong != nullptr) envelope.pong = *outgoing.pong;
    if (outgoing.credit != nullptr) envelope.credit = *outgoing.credit;
    envelope.returns.assign(outgoing.returns.begin(), outgoing.returns.end());
    AddReplies(socket, outgoing, envelope);
    if (outgoing.credit != nullptr) {
        Require(outgoing.credit->requests_total >= socket.granted.requests_total &&
                    outgoing.credit->bytes_total >= socket.granted.bytes_total,
                Promise::kRequestCredit, options_.instance, " takes credit back");
    }
    if (!lies_.empty() && outgoing.session != 0) AddLies(socket, envelope);
    if (outgoing.credit != nullptr) socket.granted = *outgoing.credit;
    stage_.network.Send(socket.connection, std::move(envelope));
    return TransmitResult::kSent;
}

void WorkerNode::AddReplies(Socket& socket, const worker::Outgoing& outgoing, ToGateway& envelope) {
    for (const RequestRecord* record : outgoing.replies) {
        const worker::ReplyItem& reply = record->reply;
        Require(!socket.honest || socket.reply_bytes_sent < socket.reply_bytes_granted,
                Promise::kReplyCredit, options_.instance, " sends more than the last reply beyond");
        socket.reply_bytes_sent += reply.payload_bytes;
        const std::uint64_t number = reply.encoded.empty() ? kNobodys : std::stoull(reply.encoded);
        stage_.trace.Say(options_.instance, ": replies to request ", number, ", attempt ",
                         record->attempt);
        envelope.replies.push_back(
            {record->id, record->attempt, reply.kind, reply.payload_bytes, number});
    }
}

bool WorkerNode::Tell(Seen lie) {
    if (lies_.erase(lie) == 0) return false;
    stage_.trace.Say(options_.instance, ": ", Name(lie));
    stage_.coverage.Count(lie);
    return true;
}

void WorkerNode::AddLies(Socket& socket, ToGateway& envelope) {
    const std::size_t before = lies_.size();
    if (Tell(Seen::kLieMalformed)) envelope.malformed = true;
    // Not one that carries credit: that would be lost for good, and the worker with it.
    if (!envelope.credit && Tell(Seen::kLieForeignSession)) envelope.session ^= 0x5555;
    if (!envelope.replies.empty()) {
        if (Tell(Seen::kLieReplyTwice)) envelope.replies.push_back(envelope.replies.front());
        if (Tell(Seen::kLieOversizedReply)) envelope.replies.front().payload_bytes = 1U << 24U;
    }
    const Ledger::SentTo* other = stage_.ledger.FindSentToAnother(socket.gateway, socket.session);
    if (other != nullptr && Tell(Seen::kLieReplyOfAnother)) {
        envelope.replies.push_back(
            {other->id.value(), other->attempt, worker::ReplyKind::kAnswered, 10, kNobodys});
    }
    if (other != nullptr && Tell(Seen::kLieReturnOfAnother)) {
        envelope.returns.push_back(
            {other->id.value(), other->attempt, worker::ReturnReason::kStuck});
    }
    if (Tell(Seen::kLieReplyOfNobody)) {
        envelope.replies.push_back({random_.Next(), 1, worker::ReplyKind::kAnswered, 10, kNobodys});
    }
    if (envelope.pong && Tell(Seen::kLieStartedAll)) {
        envelope.pong->started_through = ~std::uint64_t{0};
    }
    LieAboutCredit(socket, envelope);
    if (lies_.size() != before) socket.honest = false;
}

void WorkerNode::LieAboutCredit(const Socket& socket, ToGateway& envelope) {
    if (!envelope.credit) return;
    if (socket.granted.requests_total != 0 && Tell(Seen::kLieShrinkingCredit)) {
        envelope.credit->requests_total = 0;
    } else if (Tell(Seen::kLieEndlessCredit)) {
        envelope.credit->requests_total += 500;
        envelope.credit->bytes_total += 1U << 20U;
    }
}

}  // namespace holdfast::sim
