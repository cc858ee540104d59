#include "gateway/bus/event_waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace holdfast::gateway {

EventWaker::EventWaker() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

EventWaker::~EventWaker() {
    close(fd_);
}

void EventWaker::Wake() {
    const std::uint64_t one = 1;
    // It fails only when it is signalled already.
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
}

void EventWaker::Drain() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t read_bytes = read(fd_, &count, sizeof count);
}

}  // namespace holdfast::gateway
