#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/core/deferred_result.h"
#include "tests/sim/coverage.h"
#include "tests/sim/random.h"

namespace holdfast::sim {

/// A promise of the product was broken.
class Violation : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

void Require(bool condition, const std::string& promise);

/// What became of every request of a world, as an onlooker who sees all processes at once knows it.
/// Each observation is checked against what the product promises.
class Ledger {
  public:
    struct Terms {
        std::size_t gateway = 0;
        bool idempotent = false;
        bool must_succeed = false;  ///< nothing is wrong with the world any more
        TimePoint deadline;
        std::uint64_t bytes = 0;
    };

    Ledger(std::size_t gateways, Coverage& coverage) : alive_(gateways), coverage_(coverage) {}

    std::uint64_t Open(const Terms& terms);
    void OnSent(std::uint64_t number, std::uint64_t session, gateway::CorrelationId id,
                std::uint32_t attempt);
    void OnStarted(std::uint64_t number, TimePoint now);
    /// `latest`: when the gateway last could not run.
    void OnCompleted(const gateway::Completion& completion, TimePoint now, TimePoint latest);
    /// The session has let go: its client is gone, or has its answer.
    void OnSessionDone(std::uint64_t number);
    /// The gateway was killed: nobody is left to complete its requests.
    void OnGatewayKilled(std::size_t gateway);

    /// Requests, and bytes, that sessions or tables still hold.
    std::uint64_t alive(std::size_t gateway) const { return alive_[gateway].requests; }
    std::uint64_t alive_bytes(std::size_t gateway) const { return alive_[gateway].bytes; }
    /// No request may be pending long after this.
    TimePoint EarliestDeadline(std::size_t gateway) const;

    struct SentTo {
        std::uint64_t session = 0;
        gateway::CorrelationId id;
        std::uint32_t attempt = 0;
    };
    /// The last send of a request that is still open, if any: for a worker that lies.
    const SentTo* FindSentToAnother(std::size_t gateway, std::uint64_t session) const;

    std::size_t open() const { return open_.size(); }
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        Terms terms;
        bool session_holds = true;
        bool table_holds = true;
        bool completed = false;
        bool not_processed = false;  ///< what the client was told
        std::uint32_t starts = 0;
        SentTo sent;
    };
    struct Alive {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::multiset<TimePoint> deadlines;
    };

    void Close(Entry& entry, std::uint64_t number);
    void Release(Entry& entry);

    std::vector<Entry> entries_;
    std::set<std::uint64_t> open_;
    std::vector<Alive> alive_;
    Coverage& coverage_;
};

}  // namespace holdfast::sim
