#include "worker/runtime/handler_pool.h"

#include <cassert>
#include <utility>

namespace holdfast::worker {

void FinishedInbox::Push(Finished item) {
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        was_empty = items_.empty();
        items_.push_back(std::move(item));
    }
    if (was_empty) wakeup_.Wake();
}

void FinishedInbox::TakeAll(std::vector<Finished>& into) {
    assert(into.empty());
    const std::lock_guard lock(mutex_);
    items_.swap(into);
}

HandlerPool::HandlerPool(std::size_t threads, FinishedInbox& finished, Run run)
    : thread_count_(threads), finished_(finished), run_(std::move(run)) {
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

HandlerPool::~HandlerPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    arrived_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void HandlerPool::Submit(std::span<RequestRecord* const> requests) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        for (RequestRecord* request : requests) queue_.PushBack(*request);
        wake = idle_ > 0 && !waking_;
        if (wake) waking_ = true;
    }
    if (wake) arrived_.notify_one();
}

bool HandlerPool::Withdraw(RequestRecord& request) {
    const std::lock_guard lock(mutex_);
    if (!request.queue.linked) return false;
    queue_.Remove(request);
    return true;
}

TimePoint HandlerPool::AllBusySince() {
    const std::lock_guard lock(mutex_);
    return busy_ == thread_count_ ? last_taken_ : TimePoint::max();
}

bool HandlerPool::AnyBusy() {
    const std::lock_guard lock(mutex_);
    return busy_ > 0;
}

RequestRecord* HandlerPool::Take() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (queue_.empty()) {
            if (stopping_) return nullptr;
            ++idle_;
            arrived_.wait(lock);
            --idle_;
            waking_ = false;  // even if a busy thread has emptied the queue meanwhile
            continue;
        }
        RequestRecord* const record = queue_.PopFront();
        const TimePoint now = Clock::now();
        const StartVerdict verdict = record->TryStart(now);
        if (verdict != StartVerdict::kStart) {
            finished_.Push({.record = record, .verdict = verdict, .reply = {}});
            continue;
        }
        ++busy_;
        last_taken_ = now;
        const bool wake_next = !queue_.empty() && idle_ > 0 && !waking_;
        if (wake_next) waking_ = true;
        lock.unlock();
        if (wake_next) arrived_.notify_one();
        return record;
    }
}

void HandlerPool::Work() {
    while (RequestRecord* const record = Take()) {
        run_(*record);
        const std::lock_guard lock(mutex_);
        --busy_;
    }
}

}  // namespace holdfast::worker
