#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/core/inbox.h"
#include "gateway/core/mutex.h"
#include "gateway/http/server.h"

namespace holdfast::test {

/// Stands in for the bus thread: takes what sessions submit and cancel, and completes each
/// submitted request exactly once, by a script. As the real one does, it answers a cancel with a
/// completion.
class ScriptedBus final : public gateway::Waker {
  public:
    /// Sees a request, and fills the completion in. False: hold it, until Release, its cancel, or
    /// Stop.
    using Script = std::function<bool(const gateway::Request&, gateway::Completion&)>;

    /// `capacity`: of the inbox, in items.
    explicit ScriptedBus(std::size_t capacity = 100'000) : inbox_(capacity, *this) {}
    ~ScriptedBus() { Stop(); }

    gateway::BusInbox& inbox() { return inbox_; }
    void Start(gateway::http::Server& server, Script script);
    /// Completes what is held as shutting down, and joins.
    void Stop();

    /// Completes everything that is held with the script `how`.
    void Release(Script how);

    std::uint64_t submits() const { return submits_.load(); }
    std::uint64_t cancels() const { return cancels_.load(); }
    std::uint64_t held() const { return held_count_.load(); }

    void Wake() override;

  private:
    void Run();
    void Take(gateway::BusItem item);
    void Complete(gateway::Completion completion);
    void Flush();

    gateway::BusInbox inbox_;
    gateway::http::Server* server_ = nullptr;
    std::thread thread_;
    std::vector<gateway::BusItem> items_;
    std::vector<gateway::DeferredRef> held_;
    std::vector<std::vector<gateway::Completion>> out_;
    std::uint64_t next_id_ = 1;
    std::atomic<std::uint64_t> submits_{0};
    std::atomic<std::uint64_t> cancels_{0};
    std::atomic<std::uint64_t> held_count_{0};

    gateway::Mutex mutex_;
    gateway::ConditionVariable changed_;
    bool woken_ HOLDFAST_GUARDED_BY(mutex_) = false;
    bool stop_ HOLDFAST_GUARDED_BY(mutex_) = false;
    Script script_ HOLDFAST_GUARDED_BY(mutex_);
    Script release_ HOLDFAST_GUARDED_BY(mutex_);
};

/// A completion's reply: this status, body and, when there is one, content type.
void Answer(gateway::Completion& completion, std::uint32_t status, std::string body,
            const std::string& content_type = "application/json");

}  // namespace holdfast::test
