#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "gateway/core/correlation_id.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/outcome.h"
#include "gateway/core/reply.h"
#include "gateway/core/request.h"

namespace holdfast::gateway {

class DeferredRef;
struct Completion;

/// Whoever waits for a completion: a session. Called on its own loop's thread, once.
class Waiter {
  public:
    virtual void OnCompleted(Completion completion) = 0;

  protected:
    ~Waiter() = default;
};

/// When a request passed each stage; a zero TimePoint means that it never did. Printed when it
/// times out.
struct Stamps {
    TimePoint submitted{};  ///< the bus thread took it
    TimePoint sent{};       ///< its last attempt was given to the socket
    TimePoint completed{};
};

/// One suspended request. Shared by the session that waits and the table that holds it: the permit
/// is given back when both have let go, so a storm of disconnects cannot outrun the memory it
/// stands for.
///
/// Thread: created by a loop; from Submit on, `request` and `stamps` are the bus thread's, `waiter`
/// stays the loop's. The completion hands `stamps` back.
class DeferredResult {
    Permit permit_;  // first, so that it is given back after the bytes that it stands for are freed

  public:
    static DeferredRef Create(Request request, Permit permit, std::uint32_t loop, Waiter* waiter);

    /// Loop thread: the session has gone, nobody waits any more. The permit stays with the bytes.
    void Abandon();

    Request request;
    Stamps stamps;
    CorrelationId
        id;  ///< bus thread: its place in the PendingTable, zero before Submit was handled
    const std::uint32_t loop;  ///< which loop's inbox gets the completion
    Waiter* waiter;            ///< loop thread: null once the session has gone

  private:
    friend class DeferredRef;
    DeferredResult(Request r, Permit p, std::uint32_t l, Waiter* w)
        : permit_(std::move(p)), request(std::move(r)), loop(l), waiter(w) {}

    std::atomic<std::uint32_t> references_{0};
};

/// An intrusive counted reference; the count is atomic, the reference itself is one thread's.
class DeferredRef {
  public:
    DeferredRef() = default;
    explicit DeferredRef(DeferredResult* deferred) : deferred_(deferred) { Retain(); }
    DeferredRef(const DeferredRef& other) : deferred_(other.deferred_) { Retain(); }
    DeferredRef(DeferredRef&& other) noexcept
        : deferred_(std::exchange(other.deferred_, nullptr)) {}
    DeferredRef& operator=(DeferredRef other) noexcept {
        std::swap(deferred_, other.deferred_);
        return *this;
    }
    ~DeferredRef() { Release(); }

    DeferredResult* operator->() const { return deferred_; }
    DeferredResult& operator*() const { return *deferred_; }
    DeferredResult* get() const { return deferred_; }
    explicit operator bool() const { return deferred_ != nullptr; }
    void Reset() { *this = DeferredRef(); }
    friend bool operator==(const DeferredRef& a, const DeferredRef& b) = default;

  private:
    void Retain() {
        if (deferred_ != nullptr) deferred_->references_.fetch_add(1, std::memory_order_relaxed);
    }
    void Release();

    DeferredResult* deferred_ = nullptr;
};

/// The one end of a suspended request, on its way from the bus thread to the loop that waits.
struct Completion {
    DeferredRef deferred;
    CorrelationId id;
    Outcome outcome = Outcome::kReplied;
    Progress progress = Progress::kNeverSent;
    std::uint32_t attempts = 0;
    Reply reply;  ///< for kReplied; its `detail` also for kWorkerError and kUnavailable
};

}  // namespace holdfast::gateway
