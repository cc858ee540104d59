#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::load {

/// The epoll set of one engine's connections, edge-triggered, with an eventfd in it through which
/// others wake the engine. Asio sees it as one readable descriptor.
///
/// Thread: the engine's; Wake from any thread and from signal handlers. Owns its descriptors, not
/// those added.
class EventSet {
  public:
    static constexpr std::uint64_t kWakeTag = 0;

    /// Throws std::system_error.
    EventSet();
    ~EventSet();
    EventSet(const EventSet&) = delete;
    EventSet& operator=(const EventSet&) = delete;

    /// Once for each descriptor, for all events; closing it takes it out. `tag`, not kWakeTag, is
    /// what its events carry as data.u64. False: errno says why.
    bool Add(int descriptor, std::uint64_t tag);

    /// What has happened. A wake-up is an event with kWakeTag.
    std::span<const epoll_event> Take();

    void Wake() noexcept;

    /// Readable while there is something to take.
    int descriptor() const { return poll_; }

  private:
    static constexpr std::size_t kEvents = 256;

    int poll_;
    int wake_;
    std::vector<epoll_event> events_;
};

}  // namespace holdfast::load
