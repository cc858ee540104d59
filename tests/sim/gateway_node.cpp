#include "tests/sim/gateway_node.h"

#include <algorithm>
#include <ostream>
#include <utility>

namespace holdfast::sim {

using namespace std::chrono_literals;
using gateway::CorrelationId;
using gateway::TransmitResult;

namespace {

gateway::HelloItem Copy(const gateway::HelloItem& hello) {
    return hello;
}

}  // namespace

GatewayNode::GatewayNode(std::size_t index, const Options& options, Scheduler& scheduler,
                         Network& network, Ledger& ledger, Coverage& coverage)
    : Process(scheduler),
      index_(index),
      options_(options),
      network_(network),
      ledger_(ledger),
      coverage_(coverage),
      budget_(options.inflight),
      replies_(std::make_unique<gateway::ReplyBudget>(options.reply_bytes)) {
    gateway::CompletionSink& sink = *this;
    gateway::WorkerObserver& observer = *this;
    dispatcher_ = std::make_unique<gateway::Dispatcher>(options.dispatcher, *replies_, sink,
                                                        observer, counters_, scheduler.now());
}

GatewayNode::~GatewayNode() {
    // A world that ends early, by a violation, leaves what it left.
    killed_ = true;
    dispatcher_->Shutdown(scheduler_.now());
}

void GatewayNode::Accept(const ConnectionRef& connection) {
    connections_[connection->peer] = connection;
    connection->to_gateway.wake_reader = [this] { Wake(); };
    connection->on_closed_at_gateway = [this] {
        probe_all_ = true;
        Wake();
    };
}

void GatewayNode::Submit(const Ask& ask) {
    const std::uint64_t bytes = 200 + ask.body_bytes;
    auto permit = budget_.TryAdmit(bytes);
    if (!permit) {
        Require(budget_.requests() + 1 > options_.inflight.requests ||
                    budget_.bytes() + bytes > options_.inflight.bytes,
                "a request is refused only when a bound would be passed");
        coverage_.Count("requests refused by the budget");
        return;
    }
    const TimePoint now = scheduler_.now();
    auto route = std::make_unique<gateway::Route>();
    route->path = "/" + std::to_string(ask.service);
    route->service = options_.dispatcher.services[ask.service];
    route->service_index = ask.service;
    route->wait_for_worker = ask.wait_for_worker;
    gateway::Request request;
    request.route = route.get();
    routes_.push_back(std::move(route));
    request.method = "POST";
    request.body.assign(ask.body_bytes, 'b');
    request.idempotent = ask.idempotent;
    request.received = now;
    request.deadline = now + ask.timeout;
    const std::uint64_t number =
        ledger_.Open({index_, ask.idempotent, ask.must_succeed, request.deadline, bytes});
    request.target = std::to_string(number);
    auto deferred =
        gateway::DeferredResult::Create(std::move(request), std::move(*permit), 0, nullptr);
    sessions_.emplace(number, deferred);
    inbox_.push_back({false, deferred});
    if (ask.client_leaves_after) {
        scheduler_.After(*ask.client_leaves_after, [this, number] {
            const auto session = sessions_.find(number);
            if (!alive() || session == sessions_.end() || being_read_.contains(number)) return;
            coverage_.Count("clients gone");
            inbox_.push_back({true, std::move(session->second)});
            sessions_.erase(session);
            ledger_.OnSessionDone(number);
            Wake();
        });
    }
    read_for_[number] = ask.client_reads_for;
    Wake();
}

void GatewayNode::Turn(TimePoint now) {
    Receive(now);
    if (std::exchange(probe_all_, false)) dispatcher_->ProbeAll();
    for (BusItem& item : std::exchange(inbox_, {})) {
        if (item.cancel) {
            dispatcher_->Cancel(item.deferred, now);
        } else {
            dispatcher_->Submit(std::move(item.deferred), now);
        }
    }
    dispatcher_->Tick(now);
    const bool blocked = dispatcher_->Flush(*this, now);
    const bool buried = dispatcher_->HasSuspectedPeers();
    if (buried) {
        Receive(now);
        dispatcher_->ConfirmLost(now);
    }
    Require(ledger_.EarliestDeadline(index_) > now || !inbox_.empty(),
            "no request is pending long after its deadline");
    TimePoint next = dispatcher_->NextTick(now);
    if (blocked) next = std::min(next, now + 2ms);
    if (buried) next = now;
    WakeAt(std::max(next, now + 1us));
}

void GatewayNode::Receive(TimePoint now) {
    for (auto entry = connections_.begin(); entry != connections_.end();) {
        const ConnectionRef connection = entry->second;
        for (ToGateway& envelope : std::exchange(connection->to_gateway.arrived, {})) {
            OnEnvelope(connection, envelope, now);
        }
        entry = connection->closed_at_gateway ? connections_.erase(entry) : std::next(entry);
    }
}

void GatewayNode::OnEnvelope(const ConnectionRef& from, ToGateway& envelope, TimePoint now) {
    const gateway::PeerId peer = from->peer;
    const std::uint64_t session = envelope.session;
    if (envelope.malformed) {
        dispatcher_->OnMalformed(peer, gateway::Counter::kMalformedEnvelope, now);
        return;
    }
    if (envelope.probe) dispatcher_->OnProbe(peer);
    if (envelope.hello) dispatcher_->OnHello(peer, Copy(*envelope.hello), now);
    for (const ToGateway::Reply& reply : envelope.replies) {
        gateway::ReplyItem item;
        item.id = CorrelationId(reply.id);
        item.attempt = reply.attempt;
        item.payload_bytes = reply.payload_bytes;
        item.reply.kind = static_cast<gateway::Reply::Kind>(reply.kind);
        item.reply.status = 200;
        item.reply.body = reply.body;
        dispatcher_->OnReply(peer, session, std::move(item), now);
    }
    for (const worker::ReturnItem& item : envelope.returns) {
        dispatcher_->OnReturn(peer, session, {CorrelationId(item.id), item.attempt}, now);
    }
    if (envelope.credit) {
        if (const auto account = accounts_.find(session); account != accounts_.end()) {
            account->second.requests_granted = envelope.credit->requests_total;
            account->second.bytes_granted = envelope.credit->bytes_total;
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

TransmitResult GatewayNode::Transmit(gateway::PeerId peer, const gateway::Outgoing& outgoing) {
    Require(outgoing.session == 0 || !ended_sessions_.contains(outgoing.session),
            "nothing is sent in a session that has ended");
    const auto found = connections_.find(peer);
    if (found == connections_.end()) return TransmitResult::kUnreachable;
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
    for (const gateway::OutgoingRequest& request : outgoing.requests) {
        CheckRequest(outgoing.session, request);
        const std::uint64_t number = std::stoull(request.request->target);
        ledger_.OnSent(number, outgoing.session, request.id, request.attempt);
        envelope.requests.push_back({request.id.value(), request.attempt, request.sequence,
                                     request.timeout_ms, request.request->PayloadBytes(), number,
                                     request.request->route->service_index});
    }
    envelope.cancels.assign(outgoing.cancels.begin(), outgoing.cancels.end());
    network_.Send(connection, std::move(envelope));
    return TransmitResult::kSent;
}

void GatewayNode::CheckRequest(std::uint64_t session, const gateway::OutgoingRequest& request) {
    Account& account = accounts_[session];
    Require(account.requests_sent < account.requests_granted, "no more requests than credit");
    Require(account.bytes_sent < account.bytes_granted,
            "only the last request exceeds the credit in bytes");
    Require(request.sequence == account.last_sequence + 1, "sequences have no gaps");
    Require(request.timeout_ms > 0, "an expired request is not sent");
    account.last_sequence = request.sequence;
    ++account.requests_sent;
    account.bytes_sent += request.request->PayloadBytes();
}

void GatewayNode::Complete(gateway::Completion completion) {
    if (killed_) return;
    const TimePoint now = scheduler_.now();
    const std::uint64_t number = std::stoull(completion.deferred->request.target);
    ledger_.OnCompleted(completion, now, resumed_at());
    completion.deferred.Reset();
    if (!sessions_.contains(number)) return;
    being_read_[number] = std::move(completion.reply);
    scheduler_.After(read_for_[number], [this, number] {
        if (!sessions_.contains(number)) return;
        being_read_.erase(number);
        sessions_.erase(number);
        ledger_.OnSessionDone(number);
    });
}

void GatewayNode::OnWorkerEvent(const gateway::WorkerEvent& event) {
    using Kind = gateway::WorkerEvent::Kind;
    static constexpr const char* kNames[] = {"welcomed", "refused", "draining", "lost", "drained"};
    std::string what = std::string("workers ") + kNames[static_cast<int>(event.kind)];
    if (event.kind == Kind::kLost) what += ": " + std::string(event.reason);
    if (!killed_) coverage_.Count(what);
    if (event.kind == Kind::kWelcomed) accounts_[event.session] = {};
    if (event.kind == Kind::kLost || event.kind == Kind::kDrained) {
        ended_sessions_.insert(event.session);
        accounts_.erase(event.session);
    }
}

void GatewayNode::ShutDown() {
    dispatcher_->Shutdown(scheduler_.now());
    dispatcher_->Flush(*this, scheduler_.now());
    for (BusItem& item : std::exchange(inbox_, {})) {
        if (!item.cancel) dispatcher_->Submit(std::move(item.deferred), scheduler_.now());
    }
    Require(dispatcher_->pending() == 0, "a shutdown leaves nothing pending");
    being_read_.clear();
    for (const auto& [number, deferred] : sessions_) ledger_.OnSessionDone(number);
    sessions_.clear();
    CloseConnections();
    Die();
}

void GatewayNode::Kill() {
    killed_ = true;
    ledger_.OnGatewayKilled(index_);
    sessions_.clear();
    being_read_.clear();
    inbox_.clear();
    dispatcher_->Shutdown(scheduler_.now());
    CloseConnections();
    Die();
}

void GatewayNode::CloseConnections() {
    for (const auto& [peer, connection] : connections_) {
        connection->to_gateway.wake_reader = nullptr;
        connection->on_closed_at_gateway = nullptr;
        network_.Break(connection);
    }
    connections_.clear();
}

void GatewayNode::Print(std::ostream& to) const {
    const auto ms = [](Duration duration) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    };
    const gateway::Snapshot snapshot = dispatcher_->MakeSnapshot(scheduler_.now());
    to << "gateway " << index_ << (alive() ? "" : " (gone)") << ": pending " << snapshot.pending
       << ", reply bytes held " << replies_->held() << '\n';
    for (const auto& service : snapshot.services) {
        to << "  service " << service.name << ": workers " << service.workers << ", queued "
           << service.queued << '\n';
    }
    for (const auto& worker : snapshot.workers) {
        to << "  " << worker.instance << " session " << worker.session << ' ' << worker.state
           << ", outstanding " << worker.outstanding << ", credit " << worker.credit << ", queued "
           << worker.queued << ", running " << worker.running << ", heard " << ms(worker.last_heard)
           << " ms ago\n";
    }
    for (const auto& [session, account] : accounts_) {
        to << "  session " << session << ": sent " << account.requests_sent << " of "
           << account.requests_granted << " requests, " << account.bytes_sent << " of "
           << account.bytes_granted << " bytes\n";
    }
    for (const auto& one : snapshot.oldest) {
        to << "  request " << ToString(one.id) << ' ' << one.state << ' ' << one.worker
           << ", attempt " << one.attempt << ", age " << ms(one.age) << " ms, remaining "
           << ms(one.remaining) << " ms\n";
    }
}

void GatewayNode::Check() const {
    Require(budget_.requests() == ledger_.alive(index_) &&
                budget_.bytes() == ledger_.alive_bytes(index_),
            "permits equal what is alive");
    Require(budget_.requests() <= options_.inflight.requests &&
                budget_.bytes() <= options_.inflight.bytes,
            "the budget bounds what is alive");
    const std::uint64_t beyond =
        options_.dispatcher.max_peers * options_.dispatcher.max_reply_bytes;
    Require(replies_->held() <= options_.reply_bytes + beyond,
            "reply bytes are bounded: " + std::to_string(replies_->held()) + " of " +
                std::to_string(options_.reply_bytes) + " and " + std::to_string(beyond));
}

}  // namespace holdfast::sim
