#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/bus/bus.h"
#include "gateway/core/deferred_result.h"

namespace holdfast::test {

/// The loop that a real gateway would have: submits, and collects completions.
///
/// Thread: the test's; Wake is called by the bus thread.
class FakeLoop final : public gateway::Waker {
  public:
    explicit FakeLoop(std::size_t capacity = 100'000) : inbox_(capacity, *this) {}

    void Wake() override { wakes_.fetch_add(1, std::memory_order_relaxed); }
    gateway::CompletionInbox& inbox() { return inbox_; }

    /// The next completion that comes within `patience`.
    std::optional<gateway::Completion> Next(
        std::chrono::milliseconds patience = std::chrono::milliseconds(5000));

  private:
    gateway::CompletionInbox inbox_;
    std::vector<gateway::Completion> taken_;
    std::size_t next_ = 0;
    std::atomic<std::uint64_t> wakes_{0};
};

/// A Bus with everything around it, on a free port, with one route to each service.
///
/// Thread: the test's.
class LegUnderTest {
  public:
    using Change = std::function<void(gateway::BusOptions&)>;

    /// Death by silence takes a minute here, so that a slow machine kills no worker that a test
    /// needs; tests of silence change it.
    explicit LegUnderTest(const Change& change = {});
    ~LegUnderTest();

    std::uint16_t port() const { return bus->port(); }
    std::uint64_t Count(gateway::Counter counter) const { return counters.Get(counter); }

    gateway::DeferredRef Submit(std::string body, bool idempotent = false,
                                std::chrono::milliseconds timeout = std::chrono::seconds(30));
    void Cancel(const gateway::DeferredRef& deferred);

    /// Whether `condition` comes true within 5 s.
    static bool Eventually(const std::function<bool()>& condition);
    /// Whether the first service has a worker, or has none, within 5 s.
    bool Serves(bool expected = true) {
        return Eventually([&] { return bus->HasWorkerFor(0) == expected; });
    }
    /// Whether a line with this text was logged by now.
    bool Logged(const std::string& text) const;

    gateway::Route route;
    gateway::ReplyBudget replies{64U << 20U};
    gateway::SnapshotCell snapshots;
    gateway::InquiryDesk inquiries;
    gateway::CounterBlock counters;
    gateway::Watchdog watchdog;
    FakeLoop loop;
    std::unique_ptr<gateway::Bus> bus;

  private:
    mutable gateway::Mutex mutex_;
    std::vector<std::string> lines_ HOLDFAST_GUARDED_BY(mutex_);
};

}  // namespace holdfast::test
