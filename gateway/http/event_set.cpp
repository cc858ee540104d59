#include "gateway/http/event_set.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "gateway/http/session.h"

namespace holdfast::gateway::http {
namespace {

[[noreturn]] void Fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

EventSet::EventSet()
    : poll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (poll_ < 0 || wake_ < 0) Fail("epoll_create1 or eventfd");
    epoll_event event{};
    // Edge-triggered and never read: each write is a new edge, and the read is saved.
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, wake_, &event) != 0) Fail("epoll_ctl");
}

EventSet::~EventSet() {
    ::close(wake_);
    ::close(poll_);
}

std::span<const epoll_event> EventSet::Take(std::span<epoll_event> into) {
    const int count = ::epoll_wait(poll_, into.data(), static_cast<int>(into.size()), 0);
    return into.first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

void EventSet::Wake() {
    const std::uint64_t one = 1;
    // It cannot fail but by overflowing, after 2^64 - 2 wake-ups.
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

bool EventSet::Register(Session& session, int operation, std::uint32_t more) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | more;
    event.data.ptr = &session;
    return ::epoll_ctl(poll_, operation, session.descriptor(), &event) == 0;
}

}  // namespace holdfast::gateway::http
