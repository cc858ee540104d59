#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "gateway/core/deferred_result.h"
#include "tests/sim/coverage.h"
#include "tests/sim/promise.h"
#include "tests/sim/random.h"

namespace holdfast::sim {

/// What became of every request of a world, as an onlooker who sees all processes at once knows it.
/// Each observation is checked against what the product promises. Requests are known by number: the
/// one of their action in the Plan.
class Ledger {
  public:
    struct Terms {
        std::size_t gateway = 0;
        bool idempotent = false;
        bool must_succeed = false;  ///< nothing is wrong with the world any more
        TimePoint deadline;
        std::uint64_t bytes = 0;
    };
    struct SentTo {
        std::uint64_t session = 0;
        gateway::CorrelationId id;
        std::uint32_t attempt = 0;
        friend bool operator==(const SentTo&, const SentTo&) = default;
    };

    Ledger(std::size_t gateways, Coverage& coverage) : alive_(gateways), coverage_(coverage) {}

    void Open(std::uint64_t number, const Terms& terms);
    void OnSent(std::uint64_t number, const SentTo& to, bool at_once);
    /// Its worker handed it back unstarted, and the gateway knows.
    void OnReturned(std::uint64_t number);
    void OnStarted(std::uint64_t number, TimePoint now);
    /// `latest`: when the gateway last could not run.
    void OnCompleted(const gateway::Completion& completion, TimePoint now, TimePoint latest);
    /// The session has let go: its client is gone, or has its answer.
    void OnSessionDone(std::uint64_t number);
    /// The gateway was killed: nobody is left to complete its requests.
    void OnGatewayKilled(std::size_t gateway);

    /// Whether it is open and lies where this says.
    bool IsWith(std::uint64_t number, const SentTo& place) const;
    bool completed(std::uint64_t number) const { return entries_[number].completed; }

    /// Requests, and bytes, that sessions or tables still hold.
    std::uint64_t alive(std::size_t gateway) const { return alive_[gateway].requests; }
    std::uint64_t alive_bytes(std::size_t gateway) const { return alive_[gateway].bytes; }
    TimePoint EarliestDeadline(std::size_t gateway) const;
    /// Every open request must have ended by now.
    void CheckDeadlines(std::size_t gateway, TimePoint now, TimePoint latest) const;
    /// Whoever had been sent in a session that is over has ended, or may be redispatched. What has
    /// not, and is sent again or ends in another way, breaks a promise then.
    void OnSessionOver(std::uint64_t session);

    /// The last send of an open request in another session, if any: for a worker that lies.
    const SentTo* FindSentToAnother(std::size_t gateway, std::uint64_t session) const;

    std::size_t open() const { return open_.size(); }
    std::uint64_t opened() const { return opened_; }

  private:
    struct Entry {
        Terms terms;
        bool session_holds = true;
        bool table_holds = true;
        bool completed = false;
        bool not_processed = false;  ///< what the client was told
        bool returned = false;       ///< the last send
        bool overdue = false;        ///< should have ended with its worker
        std::uint32_t starts = 0;
        std::uint32_t sends = 0;  ///< that were not handed back: each may have been started
        SentTo sent;
    };
    struct Alive {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::multiset<TimePoint> deadlines;
    };

    static void CheckEndedWithItsWorker(const Entry& entry, std::uint64_t number);
    void CountEnd(const Entry& entry, const gateway::Completion& completion);
    void Close(Entry& entry, std::uint64_t number);
    void Release(Entry& entry);

    std::vector<Entry> entries_;  ///< by number; those that were never opened are `completed`
    std::set<std::uint64_t> open_;
    std::uint64_t opened_ = 0;
    std::vector<Alive> alive_;
    Coverage& coverage_;
};

}  // namespace holdfast::sim
