#include "tests/sim/worker_node.h"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using namespace std::chrono_literals;

WorkerNode::WorkerNode(const Options& options, std::size_t gateways, Stage& stage, Connect connect)
    : Process(stage.scheduler),
      options_(options),
      stage_(stage),
      connect_(std::move(connect)),
      random_(stage.seed, Stream::kLies, options.index, options.start),
      sockets_(gateways),
      threads_(options.threads) {
    worker::Handlers& handlers = *this;
    worker_ = std::make_unique<worker::Worker>(options_.worker, handlers);
}

WorkerNode::~WorkerNode() = default;

void WorkerNode::Start() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
        sockets_[i].link = worker_->AddLink(scheduler_.now());
        sockets_[i].gateway = i;
    }
    Wake();
}

void WorkerNode::Kill() {
    CloseConnections();
    Die();
}

void WorkerNode::Drain() {
    worker_->BeginDrain(scheduler_.now());
    Wake();
}

void WorkerNode::HangLoop(Duration how_long) {
    loop_hangs_until_ = scheduler_.now() + how_long;
    scheduler_.At(loop_hangs_until_, [this] { Wake(); });
}

void WorkerNode::CloseConnections() {
    for (Socket& socket : sockets_) {
        if (!socket.connection) continue;
        socket.connection->to_worker.wake_reader = nullptr;
        socket.connection->on_closed_at_worker = nullptr;
        stage_.network.Break(socket.connection);
        socket.connection.reset();
    }
}

WorkerNode::Socket& WorkerNode::SocketOf(worker::LinkId link) {
    return *std::ranges::find(sockets_, link, &Socket::link);
}

void WorkerNode::Turn(TimePoint now) {
    if (now < loop_hangs_until_) return;
    worker_->BeginTurn(now);
    for (Socket& socket : sockets_) {
        Reconnect(socket, now);
        Receive(socket, now);
    }
    for (Done& done : std::exchange(done_, {})) {
        if (done.started) {
            worker_->OnFinished(*done.record, std::move(done.reply));
        } else {
            worker_->OnNotStarted(*done.record, done.verdict);
        }
    }
    if (now >= worker_->NextTick()) worker_->Tick(now);
    const bool blocked = worker_->Flush(*this, now);
    if (worker_->drain_state() == worker::DrainState::kDrained ||
        worker_->drain_state() == worker::DrainState::kTimedOut) {
        EndDrain();
        return;
    }
    RunThreads();
    TimePoint next = worker_->NextTick();
    if (blocked) next = std::min(next, now + 5ms);
    WakeAt(std::max(next, now + 1us));
}

void WorkerNode::EndDrain() {
    const bool in_time = worker_->drain_state() == worker::DrainState::kDrained;
    stage_.trace.Say(options_.instance, in_time ? " has drained" : "'s drain timed out");
    stage_.coverage.Count(in_time ? Seen::kWorkerDrainDone : Seen::kWorkerDrainTimedOut);
    Require(!in_time || payloads_ == 0, Promise::kNothingIsLeft, "a drained worker holds requests");
    // Closed politely: what was sent arrives before the connection ends.
    scheduler_.After(20ms, [this] { Kill(); });
}

void WorkerNode::Reconnect(Socket& socket, TimePoint now) {
    if (socket.connection && !socket.connection->closed_at_worker) return;
    if (socket.connection) {
        worker_->OnConnectionLost(socket.link, now);
        socket.connection.reset();
    }
    if (worker_->drain_state() != worker::DrainState::kServing) return;
    socket.connection = connect_(socket.gateway);
    if (!socket.connection) return;
    socket.connection->to_worker.wake_reader = [this] { Wake(); };
    socket.connection->on_closed_at_worker = [this] { Wake(); };
    ToGateway probe;
    probe.probe = true;
    stage_.network.Send(socket.connection, std::move(probe));
}

void WorkerNode::Receive(Socket& socket, TimePoint now) {
    if (!socket.connection) return;
    const ConnectionRef connection = socket.connection;
    for (ToWorker& envelope : std::exchange(connection->to_worker.arrived, {})) {
        OnEnvelope(socket, envelope, now);
    }
}

void WorkerNode::OnEnvelope(Socket& socket, ToWorker& envelope, TimePoint now) {
    const worker::LinkId link = socket.link;
    const std::uint64_t session = envelope.session;
    if (envelope.who_are_you) worker_->OnWhoAreYou(link, now);
    if (envelope.refused) worker_->OnRefused(link, now);
    if (envelope.welcome) {
        socket.session = session;
        socket.granted = socket.received = {};
        socket.reply_bytes_granted = socket.reply_bytes_sent = 0;
        socket.honest = !socket.connection->doubled;
        socket.cancelled.clear();
        worker_->OnWelcome(link, session, *envelope.welcome, now);
    }
    if (envelope.ping != 0) worker_->OnPing(link, session, envelope.ping, now);
    if (envelope.reply_credit != 0) {
        if (session == socket.session) socket.reply_bytes_granted = envelope.reply_credit;
        worker_->OnReplyCredit(link, session, envelope.reply_credit);
    }
    for (const ToWorker::Request& request : envelope.requests) {
        OnRequest(socket, session, request, now);
    }
    for (const gateway::OutgoingCancel& cancel : envelope.cancels) {
        if (session == socket.session) socket.cancelled.emplace(cancel.id.value(), cancel.attempt);
        worker_->OnCancel(link, session, cancel.id.value(), cancel.attempt);
    }
    if (envelope.goodbye_ack) worker_->OnGoodbyeAck(link, session);
}

void WorkerNode::OnRequest(Socket& socket, std::uint64_t session, const ToWorker::Request& request,
                           TimePoint now) {
    if (session == socket.session && worker_->InSession(socket.link)) {
        ++socket.received.requests_total;
        socket.received.bytes_total += request.payload_bytes;
        Require(!socket.honest || socket.received.requests_total <= socket.granted.requests_total,
                Promise::kRequestCredit, options_.instance, " gets more than it granted");
    }
    worker::RequestItem item;
    item.id = request.id;
    item.attempt = request.attempt;
    item.sequence = request.sequence;
    item.timeout = std::chrono::milliseconds(request.timeout_ms);
    item.payload_bytes = request.payload_bytes;
    item.payload = std::make_unique<Payload>(request.number, payloads_);
    Require(worker_->OnRequest(socket.link, session, std::move(item), now), Promise::kContractKept,
            options_.instance, " refuses request ", request.number);
}

void WorkerNode::Check() const {
    const std::size_t bound =
        options_.worker.capacity_requests + 2 * sockets_.size() + options_.threads;
    Require(payloads_ <= worker_->held() && payloads_ <= bound, Promise::kWorkerCapacity,
            options_.instance, " holds ", payloads_, ", counts ", worker_->held(), ", may hold ",
            bound);
}

bool WorkerNode::honest() const {
    return std::ranges::all_of(sockets_, [](const Socket& socket) {
        return socket.honest && !(socket.connection && socket.connection->doubled);
    });
}

std::vector<WorkerNode::Rest> WorkerNode::Sessions() const {
    std::vector<Rest> sessions;
    for (const Socket& socket : sockets_) {
        if (!worker_->InSession(socket.link)) continue;
        sessions.push_back({socket.gateway, socket.session,
                            socket.granted.requests_total - socket.received.requests_total,
                            socket.granted.bytes_total -
                                std::min(socket.granted.bytes_total, socket.received.bytes_total),
                            socket.reply_bytes_granted -
                                std::min(socket.reply_bytes_granted, socket.reply_bytes_sent)});
    }
    return sessions;
}

void WorkerNode::Heal() {
    healed_ = true;
    lies_.clear();
    loop_hangs_until_ = TimePoint{};
    Resume();
    for (Thread& thread : threads_) {
        if (thread.running != nullptr) FinishAfter(thread, 1ms);
    }
    Wake();
}

}  // namespace holdfast::sim
