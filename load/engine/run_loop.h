#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "load/engine/connection.h"
#include "load/engine/engine.h"
#include "load/engine/target.h"

namespace holdfast::load {

/// One run from its start to the end of its drain: an Asio loop that sleeps until a connection has
/// something to tell, or until the next thing is due by the clock (a planned send, a timeout, the
/// end of a second), and does it.
///
/// As in the data port (gateway/http/loop.h), the connections are in an epoll set of their own, so
/// that a request costs no Asio operation. Asio's timer is a timerfd: it wakes at its time, not up
/// to 50 µs later as the timeouts of epoll_wait and poll.
///
/// Thread: Run's.
class RunLoop {
  public:
    /// Everything outlives it. `stop`, when set, ends the run early; parts.events.Wake() makes it
    /// look.
    RunLoop(const Flow& flow, const EngineOptions& options, std::shared_ptr<JourneyContext> context,
            const std::vector<Address>& addresses, ConnectionParts& parts,
            const std::atomic<bool>& stop);
    ~RunLoop();
    RunLoop(const RunLoop&) = delete;
    RunLoop& operator=(const RunLoop&) = delete;

    void Run();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::load
