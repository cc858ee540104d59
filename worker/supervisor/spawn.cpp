#include "worker/supervisor/spawn.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace holdfast::worker {
namespace {

/// This process's environment with one variable more.
std::vector<std::string> EnvironmentWith(const std::string& name, const std::string& value) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (!std::string_view(*entry).starts_with(name + "=")) all.emplace_back(*entry);
    }
    all.push_back(name + "=" + value);
    return all;
}

}  // namespace

sigset_t WorkerSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

SpawnedChild Spawn(char* const* arguments, ChildContext context) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    context.report_fd = ends[1];
    context.parent = ::getpid();
    // All that allocates is done before the fork: other threads may hold the allocator's lock.
    std::vector<std::string> environment = EnvironmentWith(kChildContextVariable, Encode(context));
    std::vector<char*> pointers;
    for (std::string& entry : environment) pointers.push_back(entry.data());
    pointers.push_back(nullptr);

    const pid_t pid = ::fork();
    if (pid == 0) {
        ::fcntl(ends[1], F_SETFD, 0);
        ::signal(SIGPIPE, SIG_DFL);
        ::signal(SIGXFSZ, SIG_DFL);
        const sigset_t blocked = WorkerSignals();
        ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
        // Not by its name: that may be another version by now.
        ::execve("/proc/self/exe", arguments, pointers.data());
        ::_exit(127);
    }
    const int error = errno;
    ::close(ends[1]);
    if (pid < 0) {
        ::close(ends[0]);
        throw std::system_error(error, std::generic_category(), "fork");
    }
    return {pid, ends[0]};
}

}  // namespace holdfast::worker
