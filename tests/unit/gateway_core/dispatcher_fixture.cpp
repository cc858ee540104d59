#include "tests/unit/gateway_core/dispatcher_fixture.h"

#include <algorithm>

namespace holdfast::gateway {

TransmitResult FakeTransmitter::Transmit(PeerId peer, const Outgoing& outgoing) {
    const auto result = results.find(peer);
    if (result != results.end() && result->second != TransmitResult::kSent) return result->second;
    envelopes_.push_back({peer,
                          outgoing.session,
                          outgoing.who_are_you,
                          outgoing.goodbye_ack,
                          outgoing.welcome != nullptr,
                          outgoing.refusal,
                          outgoing.refusal_detail,
                          outgoing.ping_sequence,
                          outgoing.reply_credit_bytes,
                          outgoing.describe,
                          {outgoing.requests.begin(), outgoing.requests.end()},
                          {outgoing.cancels.begin(), outgoing.cancels.end()}});
    return TransmitResult::kSent;
}

DispatcherTest::DispatcherTest() {
    options_.services = {"alpha", "beta"};
    options_.seed = 4711;
    options_.max_peers = 8;
    Restart();
}

DispatcherTest::~DispatcherTest() {
    dispatcher_->Shutdown(now_);
    EXPECT_TRUE(open_.empty()) << open_.size() << " requests were never completed";
}

void DispatcherTest::Restart() {
    if (dispatcher_) dispatcher_->Shutdown(now_);
    dispatcher_.reset();
    ended_.clear();
    kept_replies_.clear();
    replies_ = std::make_unique<ReplyBudget>(reply_limit_);
    CompletionSink& sink = *this;
    WorkerObserver& observer = *this;
    dispatcher_ =
        std::make_unique<Dispatcher>(options_, *replies_, sink, observer, counters_, now_);
}

DeferredRef DispatcherTest::Submit(const RequestSpec& spec) {
    auto route = std::make_unique<Route>();
    route->path = "/" + options_.services[spec.service];
    route->service = options_.services[spec.service];
    route->service_index = spec.service;
    route->lane = spec.lane;
    route->wait_for_worker = spec.wait_for_worker;
    Request request;
    request.route = route.get();
    routes_.push_back(std::move(route));
    request.method = "POST";
    request.idempotent = spec.idempotent;
    request.body.assign(spec.body_bytes, 'b');
    request.received = now_;
    request.deadline = now_ + spec.timeout;
    DeferredRef deferred = DeferredResult::Create(std::move(request), {}, 0, nullptr);
    open_.emplace(deferred.get(), deferred);
    dispatcher_->Submit(deferred, now_);
    return deferred;
}

std::uint64_t DispatcherTest::SayHello(PeerId peer, const std::string& instance,
                                       std::vector<std::string> services, std::uint32_t protocol) {
    HelloItem hello;
    hello.protocol = protocol;
    hello.instance = instance;
    for (std::string& name : services) hello.services.push_back({std::move(name), "plugin", "1"});
    dispatcher_->OnHello(peer, std::move(hello), now_);
    for (const Snapshot::Worker& worker : Look().workers) {
        if (worker.instance == instance) return worker.session;
    }
    return 0;
}

FakeWorker DispatcherTest::Connect(const std::string& instance, std::uint64_t credit,
                                   std::vector<std::string> services) {
    FakeWorker worker{PeerId{++last_peer_}, instance, 0, 0};
    worker.session = SayHello(worker.peer, instance, std::move(services));
    Flush();
    if (credit != 0) Grant(worker, credit);
    return worker;
}

void DispatcherTest::Grant(FakeWorker& worker, std::uint64_t more_requests) {
    worker.requests_granted += more_requests;
    dispatcher_->OnRequestCredit(worker.peer, worker.session, {worker.requests_granted, 1U << 30U},
                                 now_);
}

void DispatcherTest::Pong(const FakeWorker& worker, std::uint64_t started_through) {
    PongItem pong;
    pong.started_through = started_through;
    dispatcher_->OnPong(worker.peer, worker.session, pong, now_);
}

void DispatcherTest::Reply(const FakeWorker& worker, CorrelationId id, std::uint32_t attempt,
                           Reply::Kind kind, std::uint64_t payload_bytes) {
    ReplyItem item;
    item.id = id;
    item.attempt = attempt;
    item.payload_bytes = payload_bytes;
    item.reply.kind = kind;
    item.reply.status = 200;
    item.reply.detail = "detail";
    dispatcher_->OnReply(worker.peer, worker.session, std::move(item), now_);
}

void DispatcherTest::Return(const FakeWorker& worker, const OutgoingRequest& request) {
    const ReturnItem item{request.id, request.attempt};
    dispatcher_->OnReturns(worker.peer, worker.session, {&item, 1}, now_);
}

void DispatcherTest::Lose(const FakeWorker& worker) {
    transmitter_.results[worker.peer] = TransmitResult::kUnreachable;
    dispatcher_->ProbeAll();
    dispatcher_->Flush(transmitter_, now_);
    EXPECT_TRUE(dispatcher_->HasSuspectedPeers());
    dispatcher_->ConfirmLost(now_);
}

std::vector<FakeTransmitter::Envelope> DispatcherTest::Flush() {
    transmitter_.Take();
    dispatcher_->Flush(transmitter_, now_);
    return transmitter_.Take();
}

std::vector<OutgoingRequest> DispatcherTest::FlushTo(const FakeWorker& worker) {
    std::vector<OutgoingRequest> sent;
    for (const auto& envelope : Flush()) {
        if (envelope.peer != worker.peer) continue;
        EXPECT_EQ(envelope.session, worker.session);
        sent.insert(sent.end(), envelope.requests.begin(), envelope.requests.end());
    }
    return sent;
}

std::uint64_t DispatcherTest::FlushReplyCredit() {
    std::uint64_t granted = 0;
    for (const auto& envelope : Flush()) granted = std::max(granted, envelope.reply_credit);
    return granted;
}

std::vector<OutgoingCancel> DispatcherTest::CancelsTo(const FakeWorker& worker) {
    std::vector<OutgoingCancel> sent;
    for (const auto& envelope : Flush()) {
        if (envelope.peer != worker.peer) continue;
        sent.insert(sent.end(), envelope.cancels.begin(), envelope.cancels.end());
    }
    return sent;
}

OutgoingRequest DispatcherTest::SendTo(const FakeWorker& worker, const RequestSpec& spec) {
    Submit(spec);
    const auto sent = FlushTo(worker);
    EXPECT_EQ(sent.size(), 1U) << "not sent to " << worker.instance;
    return sent.empty() ? OutgoingRequest{} : sent.front();
}

void DispatcherTest::Advance(Duration duration) {
    for (const TimePoint until = now_ + duration; now_ < until;) {
        now_ = std::min(until, now_ + Duration(50ms));
        dispatcher_->Tick(now_);
    }
}

void DispatcherTest::Jump(Duration duration) {
    now_ += duration;
    dispatcher_->Tick(now_);
}

DispatcherTest::Ended DispatcherTest::TakeOne() {
    const auto ended = TakeEnded();
    EXPECT_EQ(ended.size(), 1U);
    return ended.empty() ? Ended{} : ended.front();
}

void DispatcherTest::Complete(Completion completion) {
    // Completing twice, or what was never submitted, finds nothing here.
    EXPECT_EQ(open_.erase(completion.deferred.get()), 1U) << "completed twice";
    EXPECT_EQ(completion.deferred->stamps.completed, now_);
    ended_.push_back({completion.deferred.get(), completion.id, completion.outcome,
                      completion.progress, completion.attempts, completion.reply.status,
                      completion.reply.detail, completion.deferred->stamps});
    if (keep_replies_) kept_replies_.push_back(std::move(completion.reply));
}

void DispatcherTest::OnWorkerEvent(const WorkerEvent& event) {
    events_.push_back(
        {event.kind, std::string(event.instance), std::string(event.reason), event.outstanding});
}

}  // namespace holdfast::gateway
