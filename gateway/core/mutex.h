#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// clang's -Wthread-safety does not know libstdc++'s mutex: these carry the annotations.
#if defined(__clang__)
#define HOLDFAST_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define HOLDFAST_THREAD_ANNOTATION(x)
#endif
#define HOLDFAST_CAPABILITY(x) HOLDFAST_THREAD_ANNOTATION(capability(x))
#define HOLDFAST_SCOPED_CAPABILITY HOLDFAST_THREAD_ANNOTATION(scoped_lockable)
#define HOLDFAST_GUARDED_BY(x) HOLDFAST_THREAD_ANNOTATION(guarded_by(x))
#define HOLDFAST_ACQUIRE(...) HOLDFAST_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define HOLDFAST_RELEASE(...) HOLDFAST_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define HOLDFAST_REQUIRES(...) HOLDFAST_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define HOLDFAST_NO_ANALYSIS HOLDFAST_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace holdfast::gateway {

class HOLDFAST_CAPABILITY("mutex") Mutex {
  public:
    void Lock() HOLDFAST_ACQUIRE() { mutex_.lock(); }
    void Unlock() HOLDFAST_RELEASE() { mutex_.unlock(); }

  private:
    friend class ConditionVariable;
    std::mutex mutex_;
};

class HOLDFAST_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) HOLDFAST_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
    ~MutexLock() HOLDFAST_RELEASE() { mutex_.Unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

  private:
    Mutex& mutex_;
};

class ConditionVariable {
  public:
    /// False when `timeout` passed first. The caller holds `mutex` and re-checks its condition.
    template <typename Rep, typename Period>
    bool WaitFor(Mutex& mutex, std::chrono::duration<Rep, Period> timeout)
        HOLDFAST_REQUIRES(mutex) HOLDFAST_NO_ANALYSIS {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        const bool notified = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
        lock.release();
        return notified;
    }
    void NotifyAll() { condition_.notify_all(); }

  private:
    std::condition_variable condition_;
};

}  // namespace holdfast::gateway
