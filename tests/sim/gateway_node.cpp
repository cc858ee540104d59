#include "tests/sim/gateway_node.h"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

Seen SeenEnd(const gateway::WorkerEvent& event) {
    static const std::map<std::string_view, Seen> kReasons = {
        {"connection lost", Seen::kLostConnection}, {"silent", Seen::kLostSilent},
        {"said Hello anew", Seen::kLostHelloAnew},  {"connected anew", Seen::kLostConnectedAnew},
        {"envelope", Seen::kLostMalformed},         {"credit", Seen::kLostByCredit},
    };
    return kReasons.at(event.reason);
}

}  // namespace

GatewayNode::GatewayNode(std::size_t index, const Options& options, Stage& stage)
    : Process(stage.scheduler),
      index_(index),
      options_(options),
      stage_(stage),
      budget_(options.inflight),
      replies_(options.reply_bytes),
      random_(options.dispatcher.seed) {
    for (std::uint32_t service = 0; service < std::size(kServices); ++service) {
        for (const Duration wait : kWaits) {
            gateway::Route route;
            route.path = std::string("/") + kServices[service];
            route.service = kServices[service];
            route.service_index = service;
            route.lane = static_cast<std::uint32_t>(routes_.size() % std::size(kWaits));
            route.wait_for_worker = wait;
            routes_.push_back(route);
        }
    }
    gateway::CompletionSink& sink = *this;
    gateway::WorkerObserver& observer = *this;
    dispatcher_ = std::make_unique<gateway::Dispatcher>(options.dispatcher, replies_, sink,
                                                        observer, counters_, scheduler_.now());
}

GatewayNode::~GatewayNode() {
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

void GatewayNode::Turn(TimePoint now) {
    RunTurn(now);
    for (const std::uint64_t session : std::exchange(just_ended_, {})) {
        stage_.ledger.OnSessionOver(session);
    }
}

void GatewayNode::RunTurn(TimePoint now) {
    if (bury_at_) {
        if (now < *bury_at_) {
            WakeAt(*bury_at_);
            return;
        }
        bury_at_.reset();
        BuryTheDead(now);
    }
    const bool more = Receive(options_.envelopes_in_turn, now);
    if (std::exchange(probe_all_, false)) dispatcher_->ProbeAll();
    TakeInbox(now);
    dispatcher_->Tick(now);
    const bool blocked = dispatcher_->Flush(*this, now);
    if (dispatcher_->HasSuspectedPeers()) {
        bury_at_ = BeforeTheBurial(now);
        WakeAt(*bury_at_);
        return;
    }
    if (draining_ && dispatcher_->pending() == 0 && sessions_.empty()) {
        stage_.coverage.Count(Seen::kGatewayDrainedEmpty);
        ShutDown();
        return;
    }
    TimePoint next = dispatcher_->NextTick(now);
    if (blocked) next = std::min(next, now + 2ms);
    if (more) next = now;
    WakeAt(std::max(next, now + 1us));
}

void GatewayNode::TakeInbox(TimePoint now) {
    for (BusItem& item : std::exchange(inbox_, {})) {
        if (item.cancel) {
            dispatcher_->Cancel(item.deferred, now);
            continue;
        }
        const auto session = sessions_.find(std::stoull(item.deferred->request.target));
        if (session != sessions_.end()) session->second.reached_the_bus = true;
        ++in_table_;
        dispatcher_->Submit(std::move(item.deferred), now);
    }
}

/// A moment in which more may arrive, and no deadline passes: the network likes to heal just then.
TimePoint GatewayNode::BeforeTheBurial(TimePoint now) {
    for (const auto& [peer, connection] : connections_) {
        if (connection->to_gateway.partitioned && random_.Chance(50)) {
            scheduler_.At(now, [this, healed = connection] { stage_.network.Heal(healed); });
        }
    }
    const TimePoint then = now + random_.Between(Duration(0), 1ms);
    return std::max(now, std::min(then, stage_.ledger.EarliestDeadline(index_)));
}

/// As the bus thread does: what had arrived from those that seem dead is read first.
void GatewayNode::BuryTheDead(TimePoint now) {
    const std::size_t ended = ended_sessions_.size();
    Receive(~std::size_t{0}, now);
    dispatcher_->ConfirmLost(now);
    if (ended_sessions_.size() == ended) stage_.coverage.Count(Seen::kSuspectSpared);
    CheckTheDead();
}

void GatewayNode::OnWorkerEvent(const gateway::WorkerEvent& event) {
    using Kind = gateway::WorkerEvent::Kind;
    if (killed_) return;
    stage_.trace.Say("gateway ", index_, ": session ", event.session, " of ", event.instance,
                     event.kind == Kind::kWelcomed   ? " begins"
                     : event.kind == Kind::kRefused  ? " is refused"
                     : event.kind == Kind::kDraining ? " drains"
                     : event.kind == Kind::kDrained  ? " has drained"
                                                     : " is lost",
                     event.reason.empty() ? "" : ": ", event.reason);
    switch (event.kind) {
        case Kind::kWelcomed:
            stage_.coverage.Count(Seen::kWelcomed);
            accounts_[event.session].peer = last_hello_;
            return;
        case Kind::kRefused:
            stage_.coverage.Count(Seen::kRefused);
            return;
        case Kind::kDraining:
            stage_.coverage.Count(Seen::kDraining);
            return;
        case Kind::kDrained:
            stage_.coverage.Count(Seen::kDrained);
            break;
        case Kind::kLost:
            stage_.coverage.Count(SeenEnd(event));
            break;
    }
    ended_sessions_.insert(event.session);
    just_ended_.push_back(event.session);
    accounts_.erase(event.session);
}

GatewayNode::Account* GatewayNode::AccountOf(gateway::PeerId peer, std::uint64_t session) {
    const auto found = accounts_.find(session);
    return found == accounts_.end() || found->second.peer != peer ? nullptr : &found->second;
}

void GatewayNode::CheckTheDead() {
    if (just_ended_.empty()) return;
    Require(dispatcher_->pending() == dispatcher_->placed(), Promise::kNobodyWaitsForTheDead,
            "some are with no worker and in no queue");
}

void GatewayNode::Check() const {
    Require(budget_.requests() == stage_.ledger.alive(index_), Promise::kPermits,
            budget_.requests(), " permits for ", stage_.ledger.alive(index_), " requests");
    Require(budget_.bytes() == stage_.ledger.alive_bytes(index_), Promise::kPermits,
            budget_.bytes(), " bytes of permits for ", stage_.ledger.alive_bytes(index_));
    Require(budget_.requests() <= options_.inflight.requests &&
                budget_.bytes() <= options_.inflight.bytes,
            Promise::kBudgetBounds);
    Require(dispatcher_->pending() == in_table_, Promise::kErasedFirst, "pending are ",
            dispatcher_->pending(), ", not ", in_table_);
    Require(dispatcher_->pending() == dispatcher_->placed(), Promise::kPlaced, "placed are ",
            dispatcher_->placed(), " of ", dispatcher_->pending());
    std::uint64_t reply_bytes = replies_.held();
    for (const auto& [session, account] : accounts_) reply_bytes += account.reply_bytes_left();
    // The last reply of each worker may exceed its credit.
    const std::uint64_t bound =
        options_.reply_bytes + options_.dispatcher.max_peers * options_.dispatcher.max_reply_bytes;
    Require(reply_bytes <= bound, Promise::kReplyBytesBounded, reply_bytes, " of ", bound);
    if (!paused()) stage_.ledger.CheckDeadlines(index_, scheduler_.now(), resumed_at());
}

}  // namespace holdfast::sim
