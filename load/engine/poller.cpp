#include "load/engine/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace holdfast::load {
namespace {

[[noreturn]] void Fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Poller::Poller()
    : poll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      events_(kEvents) {
    if (poll_ < 0 || wake_ < 0) Fail("epoll_create1 or eventfd");
    // Edge-triggered and never read: each write is a new edge.
    if (!Add(wake_, kWakeTag)) Fail("epoll_ctl");
    const timespec none{};
    if (::epoll_pwait2(poll_, events_.data(), 1, &none, nullptr) < 0) Fail("epoll_pwait2");
}

Poller::~Poller() {
    ::close(wake_);
    ::close(poll_);
}

bool Poller::Add(int descriptor, std::uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    if (tag == kWakeTag) event.events = EPOLLIN | EPOLLET;
    event.data.u64 = tag;
    return ::epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

std::span<const epoll_event> Poller::Wait(TimePoint until) {
    // A far end is looked at again within the hour: no overflow to think of.
    const Duration left =
        std::clamp<Duration>(until - Clock::now(), Duration::zero(), std::chrono::hours(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    const int count = ::epoll_pwait2(poll_, events_.data(), kEvents, &timeout, nullptr);
    return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void Poller::Wake() noexcept {
    const std::uint64_t one = 1;
    // It cannot fail but by overflowing, after 2^64 - 2 wake-ups.
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

}  // namespace holdfast::load
