#include "load/engine/event_set.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace holdfast::load {

EventSet::EventSet()
    : poll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      events_(kEvents) {
    if (poll_ < 0 || wake_ < 0 || !Add(wake_, kWakeTag)) {
        throw std::system_error(errno, std::generic_category(), "epoll or eventfd");
    }
}

EventSet::~EventSet() {
    ::close(wake_);
    ::close(poll_);
}

bool EventSet::Add(int descriptor, std::uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    // The eventfd is never read: each write is a new edge.
    if (tag != kWakeTag) event.events |= EPOLLOUT | EPOLLRDHUP;
    event.data.u64 = tag;
    return ::epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

std::span<const epoll_event> EventSet::Take() {
    const int count = ::epoll_wait(poll_, events_.data(), kEvents, 0);
    return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void EventSet::Wake() noexcept {
    const std::uint64_t one = 1;
    // It cannot fail but by overflowing, after 2^64 - 2 wake-ups.
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

}  // namespace holdfast::load
