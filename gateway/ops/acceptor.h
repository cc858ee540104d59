#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/core/mutex.h"

namespace holdfast::gateway::ops {

/// Closes its descriptor. Movable.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int get() const { return fd_; }

  private:
    int fd_ = -1;
};

/// A listening socket, one thread that accepts, and a few that serve one connection at a time. A
/// connection that finds the queue full is closed.
///
/// cpp-httplib's own acceptor is not used: its queue has no bound and cannot give a socket back, it
/// sets SO_REUSEPORT, with which a second gateway on the port is not noticed, and its backlog is 5.
///
/// Thread: made, started and stopped by one thread. `serve` runs on the serving threads.
class Acceptor {
  public:
    using Serve = std::function<void(Descriptor connection)>;

    /// Binds. Throws std::system_error.
    Acceptor(const std::string& address, std::uint16_t port, std::size_t max_queued, Serve serve);
    ~Acceptor();

    std::uint16_t port() const { return port_; }
    void Start(std::size_t threads);
    void Stop();

    /// Any thread.
    bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    /// Any thread: readable from Stop on, for those who poll.
    int stop_event() const { return stop_event_.get(); }
    /// Any thread: connections that were closed because the queue was full.
    std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

  private:
    void AcceptLoop();
    void ServeLoop();

    const std::string address_;
    const std::size_t max_queued_;
    const Serve serve_;
    Descriptor listener_;
    Descriptor stop_event_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> refused_{0};

    Mutex mutex_;
    ConditionVariable changed_;
    std::deque<Descriptor> queue_ HOLDFAST_GUARDED_BY(mutex_);

    std::vector<std::thread> threads_;
};

}  // namespace holdfast::gateway::ops
