#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace holdfast::test {

/// Runs tasks later, in order of time, on one thread of its own.
/// Thread: any. Destruction drops tasks that are not yet due, and joins.
class TimerThread {
  public:
    using Task = std::function<void()>;

    TimerThread() : thread_([this] { Run(); }) {}
    ~TimerThread();
    TimerThread(const TimerThread&) = delete;
    TimerThread& operator=(const TimerThread&) = delete;

    void After(std::chrono::milliseconds delay, Task task);

  private:
    void Run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<std::chrono::steady_clock::time_point, Task> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace holdfast::test
