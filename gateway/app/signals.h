#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "gateway/core/clock.h"

namespace holdfast::gateway::app {

/// SIGTERM, SIGINT and SIGHUP, taken as events rather than as handlers, and the ops port's request
/// to drain.
///
/// Thread: made by main before any other thread starts, so that all inherit the blocked mask; Wait
/// is main's, RequestDrain any thread's.
class Signals {
  public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Called within Wait, for each SIGHUP. Main's, before Wait.
    void OnReload(std::function<void()> reload) { reload_ = std::move(reload); }

    /// The next signal to end, its number, or 0 for RequestDrain; nothing when `patience` passed
    /// first. Without patience it waits for ever.
    std::optional<int> Wait(std::optional<Duration> patience = std::nullopt);

    /// May be called again: only the first call counts.
    void RequestDrain();

  private:
    int signals_ = -1;
    int drain_ = -1;
    std::function<void()> reload_;
    std::atomic<bool> drain_requested_{false};
};

}  // namespace holdfast::gateway::app
