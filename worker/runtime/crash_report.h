#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::worker {

/// Where the report of a crash goes, line by line.
enum class CrashReportForm : std::uint8_t {
    kText,
    kJson,        ///< one object a line, as the log has it
    kSupervisor,  ///< child_context.h
};

/// From here on a SIGSEGV, SIGBUS, SIGABRT, SIGFPE or SIGILL writes a report to `fd`: the signal,
/// the exception that nobody caught, the request that the thread ran, and the stack. Then it is as
/// if there had been no handler: the process ends by the signal and dumps core as it would have. A
/// report that cannot be written (a full pipe, a lock of the dynamic loader) ends with SIGALRM
/// after kCrashReportSeconds.
///
/// Thread: main, once, before the others.
void InstallCrashReport(int fd, CrashReportForm form);
inline constexpr unsigned kCrashReportSeconds = 5;

/// While it lives, a crash of this thread names this request. The texts are copied, because the
/// request may be gone when its handler crashes.
///
/// Thread: the one that runs the request.
class RunningRequest {
  public:
    RunningRequest(std::uint64_t id, std::uint32_t attempt, std::string_view service,
                   std::string_view route);
    ~RunningRequest();
    RunningRequest(const RunningRequest&) = delete;
    RunningRequest& operator=(const RunningRequest&) = delete;
};

}  // namespace holdfast::worker
