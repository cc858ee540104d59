#include "load/trouble/process_ref.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

// glibc 2.36 declares its functions for C only.
extern "C" {
#include <sys/pidfd.h>
}

namespace holdfast::load {
namespace {

std::string Reason(int error) {
    return std::generic_category().message(error);
}

/// Owns a pidfd, which names one process for as long as it is open.
class PidFd {
  public:
    /// Throws ProcessGone when `process` has ended.
    explicit PidFd(const ProcessRef& process) : fd_(pidfd_open(process.pid, 0)) {
        // Looked at after the pidfd was opened: from here on it cannot be another process.
        if (fd_ >= 0 && FindProcess(process.pid) == process) return;
        const int error = fd_ < 0 ? errno : ESRCH;
        if (fd_ >= 0) close(fd_);
        const std::string line = "process " + std::to_string(process.pid) + ": " + Reason(error);
        if (error == ESRCH) throw ProcessGone(line);
        throw TroubleError(line);
    }
    ~PidFd() { close(fd_); }
    PidFd(const PidFd&) = delete;
    PidFd& operator=(const PidFd&) = delete;

    int get() const { return fd_; }

  private:
    int fd_;
};

pid_t ParsePid(const std::string& path, std::string_view text) {
    const auto end = text.find_last_not_of(" \t\r\n");
    text = end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc() || rest != text.data() + text.size() || pid <= 1) {
        throw TroubleError(path + ": holds no process id (one number above 1 is right)");
    }
    if (pid == getpid()) throw TroubleError(path + ": names this very process");
    return pid;
}

/// Seconds since 1970 at which the process began, within a tick and the clock's own steps.
double StartedAt(const ProcessRef& process) {
    timespec wall{};
    timespec boot{};
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    const double now = static_cast<double>(wall.tv_sec) + static_cast<double>(wall.tv_nsec) / 1e9;
    const double up = static_cast<double>(boot.tv_sec) + static_cast<double>(boot.tv_nsec) / 1e9;
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    return now - up + static_cast<double>(process.start_ticks) / ticks;
}

}  // namespace

std::optional<ProcessRef> FindProcess(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    // The name, in brackets, may itself hold spaces and brackets: fields count from its end.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string field;
    fields >> field;  // field 3: the state
    if (field == "Z" || field == "X") return std::nullopt;
    for (int number = 4; number <= 22; ++number) fields >> field;
    ProcessRef process{.pid = pid};
    std::from_chars(field.data(), field.data() + field.size(), process.start_ticks);
    return process;
}

ProcessRef ReadPidFile(const std::string& path) {
    // O_NONBLOCK: a FIFO by that name must not hold the run.
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) throw ProcessGone(path + ": there is no such pid file");
    if (fd < 0) throw TroubleError(path + ": " + Reason(errno));
    struct stat file {};
    char text[64];
    const int failed = fstat(fd, &file);
    const ssize_t size = failed == 0 && S_ISREG(file.st_mode) ? read(fd, text, sizeof text) : 0;
    close(fd);
    const pid_t pid = ParsePid(path, {text, static_cast<std::size_t>(size > 0 ? size : 0)});
    if (file.st_uid != geteuid() && file.st_uid != 0) {
        throw TroubleError(path + ": belongs to another user, who could name any process");
    }
    if ((file.st_mode & S_IWOTH) != 0) {
        throw TroubleError(path + ": all users may write it, and name any process (chmod o-w)");
    }
    const auto process = FindProcess(pid);
    const std::string name = path + ": process " + std::to_string(pid);
    if (!process) throw ProcessGone(name + " does not run");
    struct stat owner {};
    if (stat(("/proc/" + std::to_string(pid)).c_str(), &owner) != 0 || owner.st_uid != geteuid()) {
        throw TroubleError(name + " belongs to another user");
    }
    const double written =
        static_cast<double>(file.st_mtim.tv_sec) + static_cast<double>(file.st_mtim.tv_nsec) / 1e9;
    constexpr double kClockTolerance = 2;  // seconds
    if (StartedAt(*process) > written + kClockTolerance) {
        throw ProcessGone(name + " is younger than the file, which means another one");
    }
    return *process;
}

void SignalProcess(const ProcessRef& process, int signal) {
    const PidFd fd(process);
    if (pidfd_send_signal(fd.get(), signal, nullptr, 0) != 0) {
        throw TroubleError("process " + std::to_string(process.pid) + ": " + Reason(errno));
    }
}

bool WaitForEnd(const ProcessRef& process, int patience_ms) {
    try {
        const PidFd fd(process);
        pollfd ended{.fd = fd.get(), .events = POLLIN, .revents = 0};
        return poll(&ended, 1, patience_ms) == 1;
    } catch (const ProcessGone&) {
        return true;
    }
}

}  // namespace holdfast::load
