#include "gateway/app/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace holdfast::gateway::app {

Signals::Signals() {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // a log that may not grow is lost, and nothing else
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    drain_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (signals_ < 0 || drain_ < 0) {
        throw std::system_error(errno, std::generic_category(), "signalfd, eventfd");
    }
}

Signals::~Signals() {
    close(signals_);
    close(drain_);
}

std::optional<int> Signals::Wait(std::optional<Duration> patience) {
    const TimePoint until = Clock::now() + patience.value_or(Duration::zero());
    for (;;) {
        int timeout = -1;
        if (patience) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
            if (left <= 0) return std::nullopt;
            timeout = static_cast<int>(left);
        }
        std::array<pollfd, 2> waits{{{signals_, POLLIN, 0}, {drain_, POLLIN, 0}}};
        if (poll(waits.data(), waits.size(), timeout) <= 0) continue;
        signalfd_siginfo info{};
        if (read(signals_, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGHUP) {
                if (reload_) reload_();
                continue;
            }
            return static_cast<int>(info.ssi_signo);
        }
        std::uint64_t count = 0;
        if (read(drain_, &count, sizeof count) == sizeof count) return 0;
    }
}

void Signals::RequestDrain() {
    if (drain_requested_.exchange(true)) return;
    const std::uint64_t one = 1;
    // Cannot fail: the counter is written at most once.
    [[maybe_unused]] const ssize_t written = write(drain_, &one, sizeof one);
}

}  // namespace holdfast::gateway::app
