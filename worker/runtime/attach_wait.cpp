#include "worker/runtime/attach_wait.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

namespace holdfast::worker {
namespace {

bool IsTraced() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("TracerPid:")) return line.find_first_of("123456789") != line.npos;
    }
    return false;
}

}  // namespace

int WaitForDebugger() {
    // Where Yama is strict (ptrace_scope 1), only an ancestor could otherwise.
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    sigset_t awaited;
    sigemptyset(&awaited);
    for (const int signal : {SIGCONT, SIGTERM, SIGINT}) sigaddset(&awaited, signal);
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &awaited, &before);
    const int pid = ::getpid();
    std::fprintf(stderr,
                 "process %d waits for a debugger: gdb -p %d, break there, and continue; or go on "
                 "without: kill -CONT %d\n",
                 pid, pid, pid);
    int signal = 0;
    while (signal <= 0 && !IsTraced()) {
        const timespec interval{.tv_sec = 0, .tv_nsec = 50'000'000};
        signal = sigtimedwait(&awaited, nullptr, &interval);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return signal == SIGTERM || signal == SIGINT ? signal : 0;
}

}  // namespace holdfast::worker
