#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "gateway/core/inbox.h"

namespace holdfast::gateway::http {

class Session;

/// The epoll set of one loop's connections, edge-triggered, with an eventfd in it through which
/// other threads wake the loop.
///
/// Thread: the loop's, but for Wake, which any thread may call. Owns both descriptors.
class EventSet final : public Waker {
  public:
    /// Throws std::system_error.
    EventSet();
    ~EventSet();
    EventSet(const EventSet&) = delete;
    EventSet& operator=(const EventSet&) = delete;

    /// Registers a connection, once, for input and the end of input. False: it is of no use.
    bool Add(Session& session) { return Register(session, EPOLL_CTL_ADD, 0); }
    /// Also for output from now on.
    bool AddWrites(Session& session) { return Register(session, EPOLL_CTL_MOD, EPOLLOUT); }

    /// What is ready now. An event's data.ptr is its Session, or null for a wake-up.
    std::span<const epoll_event> Take(std::span<epoll_event> into);

    void Wake() override;

    /// Readable while there is something to take.
    int descriptor() const { return poll_; }

  private:
    bool Register(Session& session, int operation, std::uint32_t more);

    int poll_;
    int wake_;
};

}  // namespace holdfast::gateway::http
