#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/bus/bus.h"
#include "gateway/bus/codec.h"
#include "gateway/bus/event_waker.h"
#include "gateway/bus/folding_log.h"
#include "gateway/bus/peer_directory.h"
#include "gateway/bus/router_socket.h"

namespace holdfast::gateway {

/// The bus thread's loop: everything that arrived, then everything that is due, then everything
/// that is ready to go, once each turn.
///
/// Thread: construction, Start and Stop on main; Run and all that it calls on its own; inbox() and
/// HasWorkerFor() from any. Owner: Bus. It blocks in poll alone.
class BusThread final : private Transmitter, private CompletionSink, private WorkerObserver {
  public:
    BusThread(const BusOptions& options, ReplyBudget& replies, SnapshotCell& snapshots,
              InquiryDesk& inquiries, CounterBlock& counters, Watchdog& watchdog, BusLog log);
    ~BusThread();
    BusThread(const BusThread&) = delete;
    BusThread& operator=(const BusThread&) = delete;

    std::uint16_t port() const { return socket_.port(); }
    BusInbox& inbox() { return inbox_; }
    void Start(std::vector<CompletionInbox*> loops);
    void SetWorkerKeys(std::shared_ptr<const WorkerKeys> keys);
    void BeginShutdown();
    void Stop();
    bool HasWorkerFor(std::uint32_t service) const {
        return serving_[service].load(std::memory_order_relaxed);
    }

  private:
    enum class Phase : std::uint8_t { kServe, kShutdown, kStop };
    /// Bounds of what one turn takes in, so that a flood of replies cannot hold up requests and
    /// time.
    static constexpr std::size_t kEnvelopesInTurn = 256;
    static constexpr std::size_t kItemsInTurn = 4096;

    void Run();
    void Turn(TimePoint now);
    void Finish();
    void Sleep(TimePoint now);

    // What comes in.
    bool Receive(std::size_t max_envelopes, std::size_t max_items, TimePoint now);
    void OnEnvelope(PeerId peer, std::string_view envelope, TimePoint now);
    void OnMalformed(PeerId peer, Counter reason, TimePoint now);
    void WatchConnections(TimePoint now);
    void WatchStreams(TimePoint now);
    void Authenticate(TimePoint now);
    void ProbeAgain(TimePoint now);
    void TakeInbox(TimePoint now);

    // What goes out.
    void BuryLost(TimePoint now);
    void PushCompletions();
    void Publish(TimePoint now);

    TransmitResult Transmit(PeerId peer, const Outgoing& outgoing) override;
    void Complete(Completion completion) override;
    void OnWorkerEvent(const WorkerEvent& event) override;

    const BusOptions options_;
    SnapshotCell& snapshots_;
    InquiryDesk& inquiries_;
    CounterBlock& counters_;
    Watchdog& watchdog_;

    RouterSocket socket_;
    EventWaker waker_;
    BusInbox inbox_;
    std::vector<BusItem> taken_;
    PeerDirectory peers_;
    std::vector<PeerId> unreachable_;  ///< forgotten once what had arrived from them was read
    EnvelopeDecoder decoder_;
    EnvelopeEncoder encoder_;
    Incoming incoming_;
    HelloItem greeted_;  ///< the latest Hello, for the line that tells of it
    FoldingLog log_;
    Dispatcher dispatcher_;

    std::vector<CompletionInbox*> loops_;
    std::vector<std::vector<Completion>> completions_;  ///< this turn's, by loop
    std::unique_ptr<std::atomic<bool>[]> serving_;      ///< by service

    TimePoint turn_{};           ///< when it began
    bool router_ready_ = true;   ///< may have input
    bool monitor_ready_ = true;  ///< likewise
    bool asked_ = true;          ///< likewise, the authenticator
    bool more_input_ = false;    ///< the turn's bound was reached before the router was empty
    bool sent_ = false;
    Duration probe_again_in_{};
    TimePoint probe_again_at_ = TimePoint::max();
    bool blocked_ = false;  ///< some peer's pipe was full
    bool buried_ = false;   ///< workers were lost: what they had is to be sent elsewhere now
    bool shut_down_ = false;
    std::atomic<Phase> phase_{Phase::kServe};
    std::thread thread_;
};

}  // namespace holdfast::gateway
