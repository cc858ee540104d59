#include "timer_thread.h"

#include <utility>

namespace holdfast::test {

TimerThread::~TimerThread() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void TimerThread::After(std::chrono::milliseconds delay, Task task) {
    {
        std::lock_guard lock(mutex_);
        tasks_.emplace(std::chrono::steady_clock::now() + delay, std::move(task));
    }
    changed_.notify_one();
}

void TimerThread::Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (tasks_.empty()) {
            changed_.wait(lock);
        } else if (const auto due = tasks_.begin()->first; due > std::chrono::steady_clock::now()) {
            changed_.wait_until(lock, due);
        } else {
            auto next = tasks_.extract(tasks_.begin());
            lock.unlock();
            next.mapped()();
            lock.lock();
        }
    }
}

}  // namespace holdfast::test
