#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/counters.h"
#include "gateway/core/inbox.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/http/deadline_wheel.h"
#include "gateway/http/observer.h"
#include "gateway/http/options.h"
#include "gateway/http/request_head.h"
#include "gateway/http/router.h"
#include "gateway/http/uuid7.h"

namespace holdfast::gateway::http {

class Session;

/// What sessions ask of the loop that drives them.
class SessionHost {
  public:
    /// The session is closed: delete it once this turn is over.
    virtual void Retire(Session& session) = 0;
    /// The session has more to do than its share of this turn.
    virtual void Requeue(Session& session) = 0;
    /// Tell the session when its socket takes bytes again. False: the connection is of no use.
    virtual bool WatchWrites(Session& session) = 0;

  protected:
    ~SessionHost() = default;
};

/// What all sessions of one loop share. Thread: the loop's, but for `counters`, which any thread
/// reads.
struct LoopContext {
    LoopContext(std::uint32_t loop, const ServerOptions& server_options, const Router& routes,
                InflightBudget& inflight, Observer& watcher, SessionHost& session_host,
                Duration wheel_tick);

    const std::uint32_t index;
    const ServerOptions& options;
    const Router& router;
    InflightBudget& budget;
    Observer& observer;
    SessionHost& host;
    CounterBlock counters;
    DeadlineWheel wheel;
    Uuid7Generator ids;
    bool draining = false;
    /// Of TLS handshakes: expensive steps that this turn may still take.
    unsigned handshakes_left = 0;

    TimePoint now;  ///< as of this turn's beginning
    std::string date;
    std::vector<BusItem> batch;  ///< of this turn, for the bus thread

    // Room that one session uses at a time, within one call.
    std::vector<char> read_buffer;
    std::string out;
    std::string path;
    RequestHead head;
    std::vector<std::string_view> parameters;

    /// Reads the clocks.
    void BeginTurn();

    /// For an answer to a request that was never suspended.
    CorrelationId NextUnsuspendedId();

  private:
    std::uint64_t next_generation_;
    std::int64_t date_second_ = -1;
};

}  // namespace holdfast::gateway::http
