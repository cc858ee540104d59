#include "tests/sim/worker_node.h"

#include <algorithm>
#include <ostream>
#include <utility>

namespace holdfast::sim {

using namespace std::chrono_literals;
using worker::RequestRecord;
using worker::TransmitResult;

WorkerNode::WorkerNode(const Options& options, std::size_t gateways, Scheduler& scheduler,
                       Random& random, Network& network, Ledger& ledger, Coverage& coverage,
                       Connect connect)
    : Process(scheduler),
      options_(options),
      random_(random),
      network_(network),
      ledger_(ledger),
      coverage_(coverage),
      connect_(std::move(connect)),
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
        network_.Break(socket.connection);
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
        coverage_.Count(worker_->drain_state() == worker::DrainState::kDrained
                            ? "workers that drained"
                            : "workers whose drain timed out");
        // Closed politely: what was sent arrives before the connection ends.
        scheduler_.After(20ms, [this] { Kill(); });
        return;
    }
    RunThreads();
    TimePoint next = worker_->NextTick();
    if (blocked) next = std::min(next, now + 5ms);
    WakeAt(std::max(next, now + 1us));
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
    network_.Send(socket.connection, std::move(probe));
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
        socket.reply_bytes_granted = socket.reply_bytes_sent = 0;
        socket.honest = true;
        socket.credit_announced = false;
        socket.cancelled.clear();
        worker_->OnWelcome(link, session, *envelope.welcome, now);
    }
    if (envelope.ping != 0) worker_->OnPing(link, session, envelope.ping, now);
    if (envelope.reply_credit != 0) {
        if (session == socket.session) socket.reply_bytes_granted = envelope.reply_credit;
        worker_->OnReplyCredit(link, session, envelope.reply_credit);
    }
    for (const ToWorker::Request& request : envelope.requests) {
        worker::RequestItem item;
        item.id = request.id;
        item.attempt = request.attempt;
        item.sequence = request.sequence;
        item.timeout = std::chrono::milliseconds(request.timeout_ms);
        item.payload_bytes = request.payload_bytes;
        item.payload = std::make_unique<Payload>(request.number);
        Require(worker_->OnRequest(link, session, std::move(item), now),
                "a worker accepts what our gateway sends");
    }
    for (const gateway::OutgoingCancel& cancel : envelope.cancels) {
        if (session == socket.session) socket.cancelled.emplace(cancel.id.value(), cancel.attempt);
        worker_->OnCancel(link, session, cancel.id.value(), cancel.attempt);
    }
    if (envelope.goodbye_ack) worker_->OnGoodbyeAck(link, session);
}

TransmitResult WorkerNode::Transmit(worker::LinkId link, const worker::Outgoing& outgoing) {
    Socket& socket = SocketOf(link);
    if (!socket.connection || socket.connection->to_gateway.full()) return TransmitResult::kLater;
    ToGateway envelope;
    envelope.session = outgoing.session;
    if (outgoing.hello) {
        gateway::HelloItem& hello = envelope.hello.emplace();
        hello.protocol = options_.protocol;
        hello.instance = options_.instance;
        for (const std::string& service : options_.services) {
            hello.services.push_back({service, "sim", "1"});
        }
    }
    envelope.goodbye = outgoing.goodbye;
    if (outgoing.pong != nullptr) envelope.pong = *outgoing.pong;
    if (outgoing.credit != nullptr) envelope.credit = *outgoing.credit;
    envelope.returns.assign(outgoing.returns.begin(), outgoing.returns.end());
    AddReplies(socket, outgoing, envelope);
    if (!lies_.empty() && outgoing.session != 0) AddLies(socket, envelope);
    if (envelope.credit) socket.credit_announced = true;
    network_.Send(socket.connection, std::move(envelope));
    return TransmitResult::kSent;
}

void WorkerNode::AddReplies(Socket& socket, const worker::Outgoing& outgoing, ToGateway& envelope) {
    for (const RequestRecord* record : outgoing.replies) {
        const worker::ReplyItem& reply = record->reply;
        Require(!socket.honest || socket.reply_bytes_sent < socket.reply_bytes_granted,
                "only the last reply exceeds the reply credit");
        socket.reply_bytes_sent += reply.payload_bytes;
        envelope.replies.push_back(
            {record->id, record->attempt, reply.kind, reply.payload_bytes, reply.encoded});
    }
}

bool WorkerNode::Tell(Lie lie) {
    if (lies_.erase(lie) == 0) return false;
    static constexpr const char* kNames[] = {
        "malformed envelope", "foreign session", "reply twice",      "reply of another's request",
        "reply of nobody's",  "oversized reply", "shrinking credit",
    };
    coverage_.Count(std::string("lies: ") + kNames[static_cast<int>(lie)]);
    return true;
}

void WorkerNode::AddLies(Socket& socket, ToGateway& envelope) {
    socket.honest = false;
    if (Tell(Lie::kMalformedEnvelope)) envelope.malformed = true;
    // Not one that carries credit: that would be lost for good, and the worker with it.
    if (!envelope.credit && Tell(Lie::kForeignSession)) envelope.session ^= 0x5555;
    if (!envelope.replies.empty()) {
        if (Tell(Lie::kReplyTwice)) envelope.replies.push_back(envelope.replies.front());
        if (Tell(Lie::kOversizedReply)) envelope.replies.front().payload_bytes = 1U << 24U;
    }
    const Ledger::SentTo* other = ledger_.FindSentToAnother(socket.gateway, socket.session);
    if (other != nullptr && Tell(Lie::kReplyOfAnother)) {
        envelope.replies.push_back(
            {other->id.value(), other->attempt, worker::ReplyKind::kAnswered, 10, "stolen"});
    }
    if (Tell(Lie::kReplyOfNobody)) {
        envelope.replies.push_back(
            {random_.Below(~std::uint64_t{0}), 1, worker::ReplyKind::kAnswered, 10, "invented"});
    }
    if (envelope.credit && socket.credit_announced && Tell(Lie::kShrinkingCredit)) {
        envelope.credit->requests_total = 0;
    }
}

void WorkerNode::Submit(std::span<RequestRecord* const> requests) {
    queue_.insert(queue_.end(), requests.begin(), requests.end());
}

bool WorkerNode::Withdraw(RequestRecord& request) {
    return std::erase(queue_, &request) != 0;
}

void WorkerNode::Cancel(RequestRecord& request) {
    for (Thread& thread : threads_) {
        // Most plugins look at the cancel, and end soon.
        if (thread.running == &request && random_.Chance(70)) FinishAfter(thread, 2ms);
    }
}

TimePoint WorkerNode::AllBusySince() {
    TimePoint since;
    for (const Thread& thread : threads_) {
        if (thread.running == nullptr) return TimePoint::max();
        since = std::max(since, thread.since);
    }
    return since;
}

void WorkerNode::RunThreads() {
    if (paused() || !alive()) return;
    const TimePoint now = scheduler_.now();
    for (Thread& thread : threads_) {
        while (thread.running == nullptr && !queue_.empty()) {
            RequestRecord& record = *queue_.front();
            queue_.pop_front();
            const worker::StartVerdict verdict = record.TryStart(now);
            if (verdict == worker::StartVerdict::kStart) {
                StartOn(thread, record, now);
            } else {
                done_.push_back({&record, false, verdict, {}});
                Wake();
            }
        }
    }
}

void WorkerNode::StartOn(Thread& thread, RequestRecord& record, TimePoint now) {
    const Socket& socket = SocketOf(record.link);
    ledger_.OnStarted(static_cast<const Payload&>(*record.payload).number, now);
    Require(!socket.cancelled.contains({record.id, record.attempt}),
            "a request whose cancel was heard is not started");
    thread.running = &record;
    thread.since = now;
    ++thread.run;
    thread.hangs = !healed_ && random_.Chance(options_.hang_percent);
    if (thread.hangs) {
        coverage_.Count("plugins that never reply");
    } else if (healed_) {
        FinishAfter(thread, 1ms);
    } else {
        // Mostly fast, sometimes slower than any deadline.
        const Duration most =
            random_.Chance(90) ? options_.longest_service / 20 : options_.longest_service;
        FinishAfter(thread, random_.Between(Duration(50us), most));
    }
}

void WorkerNode::FinishAfter(Thread& thread, Duration delay) {
    const auto index = static_cast<std::size_t>(&thread - threads_.data());
    scheduler_.After(delay, [this, index, run = thread.run] { Finish(index, run); });
}

void WorkerNode::Finish(std::size_t index, std::uint64_t run) {
    Thread& thread = threads_[index];
    if (!alive() || thread.running == nullptr || thread.run != run) return;
    if (paused()) {
        scheduler_.At(resumed_at(), [this, index, run] { Finish(index, run); });
        return;
    }
    RequestRecord& record = *std::exchange(thread.running, nullptr);
    worker::ReplyItem reply;
    reply.encoded = std::to_string(static_cast<const Payload&>(*record.payload).number);
    const std::uint64_t dice = random_.Below(100);
    reply.kind = healed_ || dice < 92 ? worker::ReplyKind::kAnswered
                 : dice < 96          ? worker::ReplyKind::kFailed
                                      : worker::ReplyKind::kNotProcessed;
    reply.payload_bytes = random_.Chance(2) ? 1U << 20U : random_.Between(1, 2000);
    done_.push_back({&record, true, worker::StartVerdict::kStart, std::move(reply)});
    Wake();
    RunThreads();
}

bool WorkerNode::honest() const {
    return std::ranges::all_of(sockets_, &Socket::honest);
}

void WorkerNode::Print(std::ostream& to) const {
    to << options_.instance << (alive() ? "" : " (gone)") << (paused() ? " (stopped)" : "")
       << ": held " << held() << ", waiting for a thread " << queue_.size() << ", threads busy "
       << std::ranges::count_if(threads_, [](const Thread& t) { return t.running != nullptr; })
       << '/' << threads_.size() << '\n';
    for (const Socket& socket : sockets_) {
        to << "  to gateway " << socket.gateway << ": "
           << (worker_->InSession(socket.link) ? "session " : "no session, last ") << socket.session
           << ", reply bytes sent " << socket.reply_bytes_sent << " of "
           << socket.reply_bytes_granted << '\n';
    }
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
