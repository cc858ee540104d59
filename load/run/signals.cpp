#include "load/run/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace holdfast::load {
namespace {

// A handler has no other way to what it belongs to.
volatile sig_atomic_t first_signal = 0;
int stop_pipe[2] = {-1, -1};

extern "C" void OnSignal(int number) {
    if (first_signal != 0) _exit(128 + number);
    first_signal = number;
    const int error = errno;
    const char byte = 0;
    if (write(stop_pipe[1], &byte, 1) != 1) _exit(128 + number);
    errno = error;
}

}  // namespace

Signals::Signals() {
    if (pipe2(stop_pipe, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    struct sigaction action {};
    action.sa_handler = OnSignal;
    sigemptyset(&action.sa_mask);
    for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
}

int Signals::stop() const {
    return stop_pipe[0];
}

int Signals::received() const {
    return first_signal;
}

}  // namespace holdfast::load
