// The HTTP sessions of a gateway, acted out: they wait for completions, and their clients leave.
#include <algorithm>
#include <utility>

#include "tests/sim/gateway_node.h"

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kHeadBytes = 200;

}  // namespace

void GatewayNode::Submit(std::uint64_t number, const Ask& ask) {
    if (draining_) return;
    const std::uint64_t bytes = kHeadBytes + ask.body_bytes;
    auto permit = budget_.TryAdmit(bytes);
    if (!permit) {
        Require(budget_.requests() + 1 > options_.inflight.requests ||
                    budget_.bytes() + bytes > options_.inflight.bytes,
                Promise::kBudgetBounds, "request ", number, " is refused with room left");
        stage_.coverage.Count(Seen::kRefusedByBudget);
        return;
    }
    const TimePoint now = scheduler_.now();
    gateway::Request request;
    request.route = &routes_[ask.service * std::size(kWaits) + ask.wait];
    request.method = "POST";
    request.target = std::to_string(number);
    request.body.assign(ask.body_bytes, 'b');
    request.idempotent = ask.idempotent;
    request.received = now;
    request.deadline = now + ask.timeout;
    stage_.ledger.Open(number, {index_, ask.idempotent, ask.must_succeed, request.deadline, bytes});
    auto deferred =
        gateway::DeferredResult::Create(std::move(request), std::move(*permit), 0, nullptr);
    sessions_[number] = {deferred, ask.client_reads_for, false, {}};
    inbox_.push_back({false, std::move(deferred)});
    if (ask.client_leaves_after) {
        scheduler_.After(*ask.client_leaves_after, [this, number] { ClientLeaves(number); });
    }
    Wake();
}

void GatewayNode::ClientLeaves(std::uint64_t number) {
    const auto found = sessions_.find(number);
    if (!alive() || found == sessions_.end() || found->second.answer) return;
    Session& session = found->second;
    stage_.trace.Say("gateway ", index_, ": the client of request ", number, " leaves");
    stage_.coverage.Count(session.reached_the_bus ? Seen::kGoneWhilePending
                                                  : Seen::kGoneBeforeTheBus);
    session.deferred->Abandon();
    inbox_.push_back({true, std::move(session.deferred)});
    sessions_.erase(found);
    stage_.ledger.OnSessionDone(number);
    Wake();
}

void GatewayNode::Complete(gateway::Completion completion) {
    --in_table_;
    if (killed_) return;
    Require(dispatcher_->pending() == in_table_, Promise::kErasedFirst, "pending are ",
            dispatcher_->pending(), " at a completion, not ", in_table_);
    const TimePoint now = scheduler_.now();
    const std::uint64_t number = std::stoull(completion.deferred->request.target);
    stage_.trace.Say("gateway ", index_, ": request ", number, " ends as ",
                     Name(completion.outcome), ", processed ", Name(completion.progress));
    stage_.ledger.OnCompleted(completion, now, resumed_at());
    number_of_.erase(completion.id.value());
    completion.deferred.Reset();
    const auto session = sessions_.find(number);
    if (session == sessions_.end()) return;
    session->second.answer = std::move(completion.reply);
    if (session->second.reads_for > Duration(0)) stage_.coverage.Count(Seen::kSlowReader);
    scheduler_.After(session->second.reads_for, [this, number] { EndSession(number); });
}

void GatewayNode::EndSession(std::uint64_t number) {
    if (sessions_.erase(number) == 0) return;
    stage_.ledger.OnSessionDone(number);
    if (draining_) Wake();
}

void GatewayNode::EndAllSessions() {
    for (const auto& [number, session] : std::exchange(sessions_, {})) {
        stage_.ledger.OnSessionDone(number);
    }
}

void GatewayNode::Drain() {
    draining_ = true;
    Wake();
}

void GatewayNode::ShutDown() {
    dispatcher_->Shutdown(scheduler_.now());
    dispatcher_->Flush(*this, scheduler_.now());
    TakeInbox(scheduler_.now());
    EndAllSessions();
    CloseConnections();
    CheckNothingIsLeft();
    Die();
}

void GatewayNode::Kill() {
    killed_ = true;
    stage_.ledger.OnGatewayKilled(index_);
    EndAllSessions();
    inbox_.clear();
    dispatcher_->Shutdown(scheduler_.now());
    CloseConnections();
    CheckNothingIsLeft();
    Die();
}

void GatewayNode::CloseConnections() {
    for (const auto& [peer, connection] : connections_) {
        connection->to_gateway.wake_reader = nullptr;
        connection->on_closed_at_gateway = nullptr;
        stage_.network.Break(connection);
    }
    connections_.clear();
}

void GatewayNode::CheckNothingIsLeft() const {
    const auto empty = [&](std::uint64_t amount, const char* of_what) {
        Require(amount == 0, Promise::kNothingIsLeft, "gateway ", index_, " has ", amount, ' ',
                of_what);
    };
    empty(dispatcher_->pending(), "requests in its table");
    empty(dispatcher_->placed(), "requests in queues or with workers");
    const gateway::Snapshot snapshot = dispatcher_->MakeSnapshot(scheduler_.now());
    for (const auto& service : snapshot.services) empty(service.queued_bytes, "bytes in a queue");
    empty(budget_.requests(), "permits");
    empty(budget_.bytes(), "bytes of permits");
    empty(replies_.held(), "bytes of replies");
    empty(sessions_.size(), "sessions");
    empty(inbox_.size(), "items in its inbox");
}

std::optional<GatewayNode::Left> GatewayNode::LeftIn(std::uint64_t session) const {
    const auto found = accounts_.find(session);
    if (found == accounts_.end()) return std::nullopt;
    const Account& account = found->second;
    return Left{
        account.requests_granted - std::min(account.requests_granted, account.requests_sent),
        account.bytes_granted - std::min(account.bytes_granted, account.bytes_sent),
        account.reply_bytes_left()};
}

}  // namespace holdfast::sim
