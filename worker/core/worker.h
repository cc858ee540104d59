#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "worker/core/counters.h"
#include "worker/core/credit.h"
#include "worker/core/link.h"
#include "worker/core/messages.h"
#include "worker/core/record_table.h"

namespace holdfast::worker {

struct WorkerOptions {
    std::uint32_t capacity_requests = 1024;     ///< held at once, over all gateways
    std::uint64_t capacity_bytes = 64U << 20U;  ///< of requests, and of replies that wait to leave
    Duration stuck_after = std::chrono::milliseconds(300);
    Duration drain_timeout = std::chrono::seconds(30);
    Duration hello_retry = std::chrono::seconds(1);
    Duration refused_retry = std::chrono::seconds(5);
};

/// Of an envelope, beside its replies and returns: session, pong, credit and framing.
inline constexpr std::uint64_t kEnvelopeOverhead = 256;

enum class DrainState : std::uint8_t { kServing, kDraining, kDrained, kTimedOut };

/// Decides what becomes of every request that a worker receives: which is started, dropped or
/// handed back, and which reply goes where. A state machine without I/O: the loop feeds it what
/// arrived and what time it is; it hands requests to Handlers and envelopes to a Transmitter.
///
/// A turn of the loop: BeginTurn, the inputs, Tick when NextTick has come, Flush. `now` is read
/// once, when the loop wakes and before it reads any socket: a process that was stopped then sees
/// all that it had missed with a clock that is too early rather than too late.
///
/// Thread: the loop. Owns: every record, every link. Nothing blocks.
class Worker {
  public:
    Worker(const WorkerOptions& options, Handlers& handlers);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // One gateway address more, or fewer: its requests are cancelled.
    LinkId AddLink(TimePoint now);
    void RemoveLink(LinkId id);
    bool InSession(LinkId id) const;
    bool InAnySession() const;

    /// First in every turn: a session whose last Ping is older than its lease is over, whatever
    /// waits in the socket. That covers a gateway that fell silent and a loop that did not run.
    void BeginTurn(TimePoint now);

    // From a gateway. `session` is the envelope's.
    void OnWhoAreYou(LinkId id, TimePoint now);
    void OnWelcome(LinkId id, std::uint64_t session, const WelcomeItem& welcome, TimePoint now);
    void OnRefused(LinkId id, TimePoint now);
    void OnPing(LinkId id, std::uint64_t session, std::uint64_t sequence, TimePoint now);
    void OnReplyCredit(LinkId id, std::uint64_t session, std::uint64_t bytes_total);
    /// False when the gateway broke the contract: end the connection.
    [[nodiscard]] bool OnRequest(LinkId id, std::uint64_t session, RequestItem item, TimePoint now);
    void OnCancel(LinkId id, std::uint64_t session, std::uint64_t request, std::uint32_t attempt);
    void OnGoodbyeAck(LinkId id, std::uint64_t session);
    /// The gateway wants to know what this worker is: answered in the next Flush.
    void OnDescribe(LinkId id, std::uint64_t session, std::uint64_t number);
    /// The connection was closed. Traffic that comes nevertheless (of a newer one) proves life.
    void OnConnectionLost(LinkId id, TimePoint now);
    /// The loop has thrown the connection away.
    void OnLinkReset(LinkId id);

    // From the handlers.
    void OnFinished(RequestRecord& record, ReplyItem reply);
    void OnNotStarted(RequestRecord& record, StartVerdict verdict);

    void Tick(TimePoint now);
    TimePoint NextTick() const { return next_tick_; }

    /// Hands over what arrived and sends what is ready. True when some link could take no more:
    /// call again when it is writable.
    bool Flush(Transmitter& transmitter, TimePoint now);

    /// Says Goodbye to every gateway and finishes what was received before its Ack.
    void BeginDrain(TimePoint now);
    DrainState drain_state() const { return drain_; }
    /// Ends every session: what was not started is dropped, what runs is cancelled.
    void Abandon();

    std::size_t held() const { return held_; }
    const Counters& counters() const { return counters_; }

  private:
    using State = RequestRecord::State;

    Link* Find(LinkId id) const;
    Link* FindInSession(LinkId id, std::uint64_t session);
    void WantHello(Link& link, TimePoint now);

    // How a request is taken in, and how it leaves.
    bool ExceedsCredit(const Link& link) const;
    bool ExceedsCapacity(const Link& link) const;
    void Count(RequestRecord& record, std::uint64_t bytes);
    void ReturnNow(Link& link, const RequestItem& item, ReturnReason reason, TimePoint now);
    bool WithdrawUnstarted(RequestRecord& record);
    void Forget(Link& link, RequestRecord& record);
    void Drop(Link& link, RequestRecord& record);
    void FreeOrphan(RequestRecord& record);

    void EndSession(Link& link);
    void Orphan(RequestRecord& record);

    void DropExpired(Link& link, TimePoint now);
    void HandBackStuck(TimePoint now);
    void UpdateCredit(TimePoint now);
    void UpdateDrain(TimePoint now);

    bool FlushLink(Link& link, Transmitter& transmitter, TimePoint now);
    bool FlushDescription(Link& link, Transmitter& transmitter, TimePoint now);
    std::uint64_t CollectReplies(Link& link);
    void CreditReplies(Link& link, TimePoint now);
    bool CreditIsWorthSending(const Link& link) const;
    void CommitReplies(Link& link);

    WorkerOptions options_;
    Handlers& handlers_;
    RecordTable records_;
    std::vector<std::unique_ptr<Link>> links_;
    std::uint64_t last_link_ = 0;
    std::vector<RequestRecord*> arrivals_;  ///< of this turn, in the order of their arrival
    PlaceList orphans_;                     ///< running, but their session is over
    Capacity orphaned_;
    std::size_t held_ = 0;          ///< records in use
    std::uint64_t held_bytes_ = 0;  ///< sum of RequestRecord::counted_bytes
    Counters counters_;

    TimePoint next_tick_;
    TimePoint next_decay_;
    TimePoint stuck_since_ = TimePoint::max();  ///< max: not stuck
    bool credit_dirty_ = false;
    bool credit_due_ = false;  ///< announce even the smallest change
    DrainState drain_ = DrainState::kServing;
    TimePoint drain_until_ = TimePoint::max();

    std::vector<RequestRecord*> batch_;     ///< CollectReplies' scratch
    std::vector<CreditAccount*> accounts_;  ///< UpdateCredit's scratch
};

}  // namespace holdfast::worker
