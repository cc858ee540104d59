#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "worker/core/messages.h"
#include "worker/core/request_record.h"
#include "worker/runtime/wakeup.h"

namespace holdfast::worker {

/// What comes back to the loop from the handlers: an answer, or a request that was not started.
struct Finished {
    RequestRecord* record = nullptr;
    StartVerdict verdict = StartVerdict::kStart;
    ReplyItem reply{};  ///< of one that was started
};

/// From the threads that answer to the loop: swapped whole, one wake-up on empty → non-empty.
/// Bounded by the requests that the worker holds. Thread: Push from any, TakeAll from the loop.
class FinishedInbox {
  public:
    explicit FinishedInbox(Wakeup& wakeup) : wakeup_(wakeup) {}

    void Push(Finished item);
    /// Swaps everything into `into`, which must be empty.
    void TakeAll(std::vector<Finished>& into);

  private:
    Wakeup& wakeup_;
    std::mutex mutex_;
    std::vector<Finished> items_;  ///< guarded by mutex_
};

/// The FIFO of unstarted requests and the threads that run the plugin. A batch is handed over under
/// one lock and wakes one thread; each that finds more than it takes wakes the next.
///
/// Thread: the loop, except for its own threads. Owner: the loop's.
class HandlerPool {
  public:
    using Run = std::function<void(RequestRecord&)>;

    HandlerPool(std::size_t threads, FinishedInbox& finished, Run run);
    /// Every thread must be able to end: no handler may hang.
    ~HandlerPool();
    HandlerPool(const HandlerPool&) = delete;
    HandlerPool& operator=(const HandlerPool&) = delete;

    void Submit(std::span<RequestRecord* const> requests);
    bool Withdraw(RequestRecord& request);
    TimePoint AllBusySince();
    /// Whether some thread is inside the plugin.
    bool AnyBusy();

  private:
    void Work();
    /// The next request that may start; waits for it. nullptr at the end.
    RequestRecord* Take();

    const std::size_t thread_count_;
    FinishedInbox& finished_;
    const Run run_;

    std::mutex mutex_;
    // Guarded by mutex_, as is RequestRecord::queue.
    std::condition_variable arrived_;
    IntrusiveList<RequestRecord, &RequestRecord::queue> queue_;
    std::size_t idle_ = 0;
    std::size_t busy_ = 0;
    bool waking_ = false;  ///< a thread has been woken and has not looked yet
    bool stopping_ = false;
    TimePoint last_taken_;

    std::vector<std::thread> threads_;
};

}  // namespace holdfast::worker
