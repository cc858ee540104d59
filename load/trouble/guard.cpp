#include "load/trouble/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <system_error>
#include <vector>

#include "load/trouble/containers.h"

namespace holdfast::load {
namespace {

/// One write is whole on a pipe up to PIPE_BUF.
struct Notice {
    bool stopped = false;
    ProcessRef process;
    char container[65] = {};  ///< an id; empty: it is a process

    bool SameSubject(const Notice& other) const {
        return process == other.process && std::strcmp(container, other.container) == 0;
    }
};

void Continue(const Notice& notice) {
    try {
        if (notice.container[0] != '\0') {
            TellContainer({"unpause"}, notice.container);
        } else {
            SignalProcess(notice.process, SIGCONT);
        }
    } catch (const TroubleError&) {
        // It has ended since, or docker has: there is nobody left to tell, and nothing to continue.
    }
}

[[noreturn]] void Watch(int pipe) {
    // Out of reach of the terminal's Ctrl-C, and of a `kill` of the whole group.
    setsid();
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) signal(number, SIG_IGN);
    std::vector<Notice> stopped;
    for (Notice notice; read(pipe, &notice, sizeof notice) == ssize_t{sizeof notice};) {
        std::erase_if(stopped, [&](const Notice& one) { return one.SameSubject(notice); });
        if (notice.stopped) stopped.push_back(notice);
    }
    std::for_each(stopped.begin(), stopped.end(), Continue);
    _exit(0);
}

}  // namespace

StopGuard::StopGuard() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    child_ = fork();
    if (child_ == 0) {
        close(ends[1]);
        Watch(ends[0]);
    }
    const int error = errno;
    close(ends[0]);
    pipe_ = ends[1];
    if (child_ < 0) {
        close(pipe_);
        throw std::system_error(error, std::generic_category(), "fork");
    }
}

StopGuard::~StopGuard() {
    close(pipe_);
    waitpid(child_, nullptr, 0);
}

void StopGuard::Tell(bool stopped, const ProcessRef& process, const std::string& container) {
    Notice notice{.stopped = stopped, .process = process};
    container.copy(notice.container, sizeof notice.container - 1);
    if (write(pipe_, &notice, sizeof notice) != ssize_t{sizeof notice}) {
        throw TroubleError("the guard that continues what is stopped has gone; nothing was done");
    }
}

}  // namespace holdfast::load
