#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::worker {

/// What a supervisor tells a child, in one environment variable.
struct ChildContext {
    int report_fd = -1;
    pid_t parent = 0;
    std::uint32_t index = 0;
    std::uint32_t generation = 1;
    std::uint32_t restarts = 0;
    std::chrono::milliseconds last_crash_age{};
    std::string last_crash{};  ///< empty: there was none
    std::string plugin{};      ///< the private copy to load
};

inline constexpr const char* kChildContextVariable = "HOLDFAST_WORKER_SUPERVISED";

std::string Encode(const ChildContext& context);
std::optional<ChildContext> DecodeChildContext(std::string_view text);

/// Of this process; takes the variable out of the environment. Nothing without a supervisor. From
/// here on the end of the supervisor is a SIGTERM for this process; one that has ended already ends
/// this process at once.
/// Thread: main, before any other.
std::optional<ChildContext> TakeChildContext();

/// What a child says to its supervisor: one line each.
///
///     started           the plugin is loaded
///     ready             a gateway has welcomed it
///     crash TEXT        a line of a crash report (crash_report.h)
///
/// Thread: any. A supervisor that does not read loses the line; nothing blocks.
void ReportToSupervisor(int report_fd, std::string_view line);

}  // namespace holdfast::worker
