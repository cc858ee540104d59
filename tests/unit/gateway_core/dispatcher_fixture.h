#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/dispatcher.h"

namespace holdfast::gateway {

using namespace std::chrono_literals;

/// Takes what is sent, and answers as it is told.
class FakeTransmitter final : public Transmitter {
  public:
    struct Envelope {
        PeerId peer;
        std::uint64_t session = 0;
        bool who_are_you = false;
        bool goodbye_ack = false;
        bool welcome = false;
        Outgoing::Refusal refusal = Outgoing::Refusal::kNone;
        std::string refusal_detail;
        std::uint64_t ping = 0;
        std::uint64_t reply_credit = 0;
        std::uint64_t describe = 0;
        std::vector<OutgoingRequest> requests;
        std::vector<OutgoingCancel> cancels;
    };

    TransmitResult Transmit(PeerId peer, const Outgoing& outgoing) override;
    /// Everything sent since the last call.
    std::vector<Envelope> Take() { return std::exchange(envelopes_, {}); }

    std::map<PeerId, TransmitResult> results;  ///< kSent for those that are not named

  private:
    std::vector<Envelope> envelopes_;
};

/// One worker's end of the leg.
struct FakeWorker {
    PeerId peer;
    std::string instance;
    std::uint64_t session = 0;
    std::uint64_t requests_granted = 0;
};

/// What a test wants of a request; the rest is ordinary.
struct RequestSpec {
    std::uint32_t service = 0;
    bool idempotent = false;
    Duration timeout = 10s;
    Duration wait_for_worker{};
    std::size_t body_bytes = 0;
    std::uint32_t lane = 0;
};

/// A Dispatcher with a clock that the test moves, services "alpha" and "beta", and everything that
/// comes out of it recorded.
class DispatcherTest : public ::testing::Test, private CompletionSink, private WorkerObserver {
  protected:
    struct Event {
        WorkerEvent::Kind kind;
        std::string instance;
        std::string reason;
        std::size_t outstanding;
    };
    struct Ended {
        DeferredResult* deferred;
        CorrelationId id;
        Outcome outcome;
        Progress progress;
        std::uint32_t attempts;
        std::uint32_t status;
        std::string detail;
        Stamps stamps;
    };

    DispatcherTest();
    ~DispatcherTest() override;

    /// Throws the Dispatcher away and makes one with the present options.
    void Restart();

    DeferredRef Submit(const RequestSpec& spec = {});
    void Cancel(const DeferredRef& deferred) { dispatcher_->Cancel(deferred, now_); }

    /// A worker with a session and this credit, its Welcome flushed.
    FakeWorker Connect(const std::string& instance, std::uint64_t credit = 100,
                       std::vector<std::string> services = {"alpha"});
    /// Says Hello and no more; the session that came of it, 0 where none did.
    std::uint64_t SayHello(PeerId peer, const std::string& instance,
                           std::vector<std::string> services = {"alpha"},
                           std::uint32_t protocol = kProtocolVersion);
    void Grant(FakeWorker& worker, std::uint64_t more_requests);
    void Pong(const FakeWorker& worker, std::uint64_t started_through = 0);

    void Reply(const FakeWorker& worker, CorrelationId id, std::uint32_t attempt = 1,
               Reply::Kind kind = gateway::Reply::Kind::kAnswered,
               std::uint64_t payload_bytes = 10);
    void Reply(const FakeWorker& worker, const OutgoingRequest& request) {
        Reply(worker, request.id, request.attempt);
    }
    void Return(const FakeWorker& worker, const OutgoingRequest& request);
    void Lose(const FakeWorker& worker);

    /// Flushes, and returns what this sent.
    std::vector<FakeTransmitter::Envelope> Flush();
    /// The requests that a flush sends to this worker.
    std::vector<OutgoingRequest> FlushTo(const FakeWorker& worker);
    /// The largest total of reply credit that a flush sends; 0 when none is sent.
    std::uint64_t FlushReplyCredit();
    std::vector<OutgoingCancel> CancelsTo(const FakeWorker& worker);
    /// Submits and flushes one request that must go to this worker.
    OutgoingRequest SendTo(const FakeWorker& worker, const RequestSpec& spec = {});

    /// Moves the clock in steps of a tick interval, with a Tick at each.
    void Advance(Duration duration);
    /// Moves the clock at once, as a process that stood still sees it.
    void Jump(Duration duration);

    std::vector<Ended> TakeEnded() { return std::exchange(ended_, {}); }
    /// The one completion since the last look.
    Ended TakeOne();
    std::uint64_t Count(Counter counter) const { return counters_.Get(counter); }
    Snapshot Look() const { return dispatcher_->MakeSnapshot(now_); }

    DispatcherOptions options_;
    std::uint64_t reply_limit_ = 64U << 20U;
    bool keep_replies_ = false;  ///< as slow clients do
    TimePoint now_ = TimePoint{} + 1000h;
    CounterBlock counters_;
    std::unique_ptr<ReplyBudget> replies_;
    std::vector<gateway::Reply> kept_replies_;
    FakeTransmitter transmitter_;
    std::unique_ptr<Dispatcher> dispatcher_;
    std::vector<Event> events_;

  private:
    void Complete(Completion completion) override;
    void OnWorkerEvent(const WorkerEvent& event) override;

    std::vector<std::unique_ptr<Route>> routes_;
    std::uint64_t last_peer_ = 0;
    std::vector<Ended> ended_;
    std::map<DeferredResult*, DeferredRef> open_;
};

}  // namespace holdfast::gateway
