#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <vector>

#include "load/result/clock.h"

namespace holdfast::load {

/// One thread's epoll set, edge-triggered, that sleeps to the nanosecond.
///
/// Thread: the one that calls Wait; Wake from any thread and from signal handlers. Owns its
/// descriptors, not those added.
class Poller {
  public:
    static constexpr std::uint64_t kWakeTag = 0;

    /// Throws std::system_error, also when the kernel is older than 5.11 (epoll_pwait2).
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Once for each descriptor, for all events; closing it takes it out. `tag`, not
    /// kWakeTag, is what its events carry as data.u64. False: errno says why.
    bool Add(int descriptor, std::uint64_t tag);

    /// What has happened, at the latest at `until`. A wake-up is an event with kWakeTag.
    std::span<const epoll_event> Wait(TimePoint until);

    void Wake() noexcept;

  private:
    static constexpr std::size_t kEvents = 256;

    int poll_;
    int wake_;
    std::vector<epoll_event> events_;
};

}  // namespace holdfast::load
