#pragma once

#include "gateway/core/inbox.h"

namespace holdfast::gateway {

/// Wakes a thread that polls: an eventfd.
///
/// Thread: Wake from any; the rest by the owner.
class EventWaker final : public Waker {
  public:
    EventWaker();  ///< throws std::system_error
    ~EventWaker();
    EventWaker(const EventWaker&) = delete;
    EventWaker& operator=(const EventWaker&) = delete;

    void Wake() override;
    int poll_fd() const { return fd_; }
    void Drain();

  private:
    int fd_;
};

}  // namespace holdfast::gateway
