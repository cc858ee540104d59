#include "load/trouble/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "load/trouble/process_ref.h"

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 64 * 1024;

std::string Reason(int error) {
    return std::generic_category().message(error);
}

int StatusOf(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/// What a program of its own may expect: in a child, before exec. Async-signal-safe.
void RestoreSignals() {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT}) signal(number, SIG_DFL);
}

int MillisecondsUntil(steady_clock::time_point until) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

}  // namespace

CommandResult RunCommand(const std::vector<std::string>& words, milliseconds patience) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) throw TroubleError("pipe: " + Reason(errno));
    const pid_t pid = fork();
    if (pid == 0) {
        RestoreSignals();
        const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        dup2(nothing, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        execvp(argv[0], argv.data());
        _exit(127);
    }
    close(out[1]);
    CommandResult result;
    const auto until = steady_clock::now() + patience;
    bool late = pid < 0;
    while (!late) {
        pollfd readable{.fd = out[0], .events = POLLIN, .revents = 0};
        late = poll(&readable, 1, MillisecondsUntil(until)) == 0;
        if (late) break;
        char chunk[4096];
        const ssize_t got = read(out[0], chunk, sizeof chunk);
        if (got <= 0) break;
        if (result.output.size() < kMaxOutput) {
            result.output.append(chunk, static_cast<std::size_t>(got));
        }
    }
    close(out[0]);
    if (pid < 0) throw TroubleError("fork: " + Reason(errno));
    // It may have closed its output long before it ends.
    int status = 0;
    pid_t ended = 0;
    while (!late && (ended = waitpid(pid, &status, WNOHANG)) == 0) {
        late = MillisecondsUntil(until) == 0;
        poll(nullptr, 0, 5);
    }
    if (late) {
        kill(pid, SIGKILL);
        ended = waitpid(pid, &status, 0);
    }
    if (ended == pid) result.status = StatusOf(status);
    return result;
}

void StartDetached(const std::string& command, const std::string& pid_file,
                   milliseconds must_live) {
    const pid_t pid = fork();
    if (pid < 0) throw TroubleError("fork: " + Reason(errno));
    if (pid == 0) {
        RestoreSignals();
        setsid();
        const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            dup2(nothing, stream);
        }
        char text[16];
        char* end = std::to_chars(text, text + sizeof text - 1, getpid()).ptr;
        *end++ = '\n';
        const int file = open(pid_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (file < 0 || write(file, text, static_cast<std::size_t>(end - text)) != end - text) {
            _exit(126);
        }
        execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        _exit(127);
    }
    const auto until = steady_clock::now() + must_live;
    do {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            if (status == 0) return;  // it has gone into the background by itself
            throw TroubleError("\"" + command + "\" ended at once with status " +
                               std::to_string(StatusOf(status)));
        }
        poll(nullptr, 0, 10);
    } while (steady_clock::now() < until);
}

}  // namespace holdfast::load
