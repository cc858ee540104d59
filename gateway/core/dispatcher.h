#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/counters.h"
#include "gateway/core/deferred_result.h"
#include "gateway/core/inquiry_table.h"
#include "gateway/core/peer.h"
#include "gateway/core/pending_table.h"
#include "gateway/core/reply_budget.h"
#include "gateway/core/service_queue.h"
#include "gateway/core/snapshot.h"
#include "gateway/core/timing_wheel.h"
#include "gateway/core/worker_registry.h"

namespace holdfast::gateway {

inline constexpr std::uint32_t kProtocolVersion = 1;

struct DispatcherOptions {
    std::vector<std::string> services;  ///< Route::service_index points here
    std::uint32_t pending_requests = 10'000;
    std::uint64_t queue_requests = 1'000;  ///< for each service
    std::uint64_t queue_bytes = 16U << 20U;
    QueueDelayOptions queue_delay;   ///< for each route
    ConcurrencyOptions concurrency;  ///< for each service
    /// Requests that have less time left than their route has lately needed are refused.
    bool refuse_hopeless = false;
    std::uint32_t max_peers = 64;
    Duration ping_interval = std::chrono::milliseconds(200);
    Duration peer_timeout = std::chrono::milliseconds(700);
    Duration lease = std::chrono::milliseconds(500);
    std::uint64_t batch_bytes = 64U << 10U;
    std::uint64_t max_message_bytes = 2U << 20U;
    std::uint64_t max_reply_bytes = 1U << 20U;
    std::uint64_t reply_window = 4U << 20U;
    double redispatch_rate = 50;  ///< tokens a second, for each service
    double redispatch_burst = 100;
    std::uint64_t seed = 0;  ///< of generations and session numbers
};

/// Decides what becomes of every suspended request: which worker gets it, and how it ends. A state
/// machine without I/O: the bus thread feeds it what arrived and what time it is; it fills outboxes
/// that Flush hands to the Transmitter, and completes into the CompletionSink.
///
/// Each request that Submit takes is completed exactly once. It is in the table before it is sent
/// and erased from the table before it is completed.
///
/// Thread: the bus thread. Owns: the table, the queues, the workers' records. Nothing blocks.
class Dispatcher {
  public:
    Dispatcher(const DispatcherOptions& options, ReplyBudget& replies, CompletionSink& sink,
               WorkerObserver& observer, CounterBlock& counters, TimePoint now);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // From the sessions.
    void Submit(DeferredRef deferred, TimePoint now);
    void Cancel(const DeferredRef& deferred, TimePoint now);

    // From the peers. `session` is the envelope's.
    void OnProbe(PeerId peer);
    void OnHello(PeerId peer, HelloItem hello, TimePoint now);
    void OnReply(PeerId peer, std::uint64_t session, ReplyItem reply, TimePoint now);
    /// All that one envelope hands back, oldest first: they keep that order.
    void OnReturns(PeerId peer, std::uint64_t session, std::span<const ReturnItem> items,
                   TimePoint now);
    void OnPong(PeerId peer, std::uint64_t session, const PongItem& pong, TimePoint now);
    void OnRequestCredit(PeerId peer, std::uint64_t session, RequestCreditItem credit,
                         TimePoint now);
    void OnGoodbye(PeerId peer, std::uint64_t session, TimePoint now);
    void OnDescription(PeerId peer, std::uint64_t session, DescriptionItem description,
                       TimePoint now);
    /// An envelope that could not be used: ends the peer's session at once. `reason` is the
    /// counter.
    void OnMalformed(PeerId peer, Counter reason, TimePoint now);

    /// Deadlines, pings and silence. Call it at least as often as NextTick asks.
    void Tick(TimePoint now);
    TimePoint NextTick(TimePoint now) const;

    /// Hands every outbox to the transmitter. True when some peer's pipe was full: call again in a
    /// few milliseconds.
    bool Flush(Transmitter& transmitter, TimePoint now);

    /// A connection was closed somewhere: ping every worker in the next Flush, so that the dead one
    /// is found now.
    void ProbeAll();

    /// Peers that seem dead: silent for too long, or unreachable in Flush. The bus thread first
    /// feeds everything that had arrived from them, then calls ConfirmLost, which spares a peer
    /// that was heard meanwhile.
    bool HasSuspectedPeers() const { return workers_.HasSuspected(); }
    void ConfirmLost(TimePoint now);

    /// Asks every worker of a service; it is over within `patience`.
    void Inquire(Inquiry inquiry, Duration patience, TimePoint now);
    std::vector<Inquiry> TakeFinishedInquiries(TimePoint now) {
        return inquiries_.TakeFinished(now);
    }

    /// The end of a drain: completes everything that is left, cancels it at the workers, and
    /// refuses what comes after.
    void Shutdown(TimePoint now);

    std::size_t pending() const { return table_.size(); }
    /// Requests that lie in a queue or with a worker: between two inputs, all that are pending.
    std::size_t placed() const;
    /// Whether the service with this index has a worker that takes requests.
    bool HasWorkerFor(std::uint32_t service) const { return !services_[service].workers.empty(); }
    Snapshot MakeSnapshot(TimePoint now) const;

  private:
    using SlotIndex = PendingTable::SlotIndex;
    using Where = ServiceQueue::Where;

    ServiceQueue& ServiceOf(const PendingTable::Slot& slot) {
        return services_[slot.deferred->request.route->service_index];
    }

    // Where a request goes (dispatcher_queue.cpp).
    void Place(SlotIndex index, Where where, TimePoint now);
    bool MakeRoom(ServiceQueue& service, SlotIndex index, TimePoint now);
    void Shed(SlotIndex index, Counter reason, TimePoint now);
    bool IsHopeless(SlotIndex index, TimePoint now);
    SlotIndex TakeFrom(ServiceQueue& service, Lane& lane, TimePoint now);
    Worker* Pick(const ServiceQueue& service, bool suspect, TimePoint now);
    void Assign(SlotIndex index, Worker& worker);
    void Unassign(SlotIndex index);
    void Pump(ServiceQueue& service, TimePoint now);
    void PumpAll(const Worker& worker, TimePoint now);
    void FailUnservable(ServiceQueue& service, TimePoint now);
    void CountThreads(ServiceQueue& service);
    void NoteAnswered(SlotIndex index, TimePoint now);
    void NoteSlow(SlotIndex index, TimePoint now);

    // How it ends (dispatcher.cpp).
    void OnExpired(SlotIndex index, TimePoint now);
    void CancelAtWorker(SlotIndex index);
    Progress ProgressOf(const PendingTable::Slot& slot) const;
    void Detach(SlotIndex index);
    void Withdraw(SlotIndex index);
    void Complete(SlotIndex index, Outcome outcome, TimePoint now, Reply reply = {});

    // The workers' sessions (dispatcher_workers.cpp).
    Worker* Heard(PeerId peer, std::uint64_t session, TimePoint now);
    void TakeBack(PeerId peer, std::uint64_t session, const ReturnItem& item, TimePoint now);
    void Refuse(PeerId peer, Outgoing::Refusal refusal, std::string detail, const HelloItem& hello);
    void StopServing(Worker& worker);
    void OpenSession(PeerId peer, HelloItem hello, std::vector<std::uint32_t>& left, TimePoint now);
    std::vector<std::uint32_t> Bury(Worker& worker, std::string_view reason, TimePoint now);
    void EndSession(Worker& worker, std::string_view reason, TimePoint now);
    void RedispatchOrFail(SlotIndex index, TimePoint now);
    void TopUpReplyCredit(Worker& worker);

    // What goes out (dispatcher_flush.cpp).
    bool FlushWorker(Worker& worker, Transmitter& transmitter, TimePoint now);
    bool TakeBackAssigned(Worker& worker, TimePoint now);
    TransmitResult SendEnvelope(Worker& worker, Transmitter& transmitter, TimePoint now);
    void GatherBatch(Worker& worker, TimePoint now);
    void CommitBatch(Worker& worker, TimePoint now);

    DispatcherOptions options_;
    OutgoingWelcome welcome_;
    ReplyBudget& replies_;
    CompletionSink& sink_;
    WorkerObserver& observer_;
    CounterBlock& counters_;
    PendingTable table_;
    TimingWheel wheel_;
    std::vector<ServiceQueue> services_;
    WorkerRegistry workers_;
    InquiryTable inquiries_;
    struct Stranger {
        PeerId peer;
        Outgoing::Refusal refusal;
        std::string detail;
    };
    std::vector<Stranger> strangers_;     ///< peers without a session that are owed an answer
    std::vector<OutgoingRequest> batch_;  ///< scratch of SendEnvelope
    std::uint64_t reply_bytes_outstanding_ = 0;  ///< over all workers: granted, not yet received
    std::uint64_t refused_ids_ = 0;
    TimePoint last_tick_;
    bool shut_down_ = false;
};

}  // namespace holdfast::gateway
