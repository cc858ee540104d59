#include "gateway/ops/process_stats.h"

#include <dirent.h>
#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::gateway::ops {
namespace {

/// The figure in a line of /proc/self/status, "VmRSS:\t   1234 kB".
std::uint64_t Figure(std::string_view line) {
    const std::size_t start = line.find_first_of("0123456789");
    if (start == std::string_view::npos) return 0;
    std::uint64_t value = 0;
    std::from_chars(line.data() + start, line.data() + line.size(), value);
    return value;
}

std::uint64_t CountDescriptors() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
    if (folder == nullptr) return 0;
    std::uint64_t entries = 0;
    while (readdir(folder.get()) != nullptr) ++entries;
    // ".", ".." and the descriptor that reads the folder.
    return entries > 3 ? entries - 3 : 0;
}

double Seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessStats ReadProcessStats() {
    ProcessStats stats;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) stats.resident_bytes = Figure(line) * 1024;
        if (line.starts_with("VmSize:")) stats.virtual_bytes = Figure(line) * 1024;
        if (line.starts_with("Threads:")) stats.threads = Figure(line);
    }
    stats.open_descriptors = CountDescriptors();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_descriptors = limit.rlim_cur;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        stats.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
    }
    return stats;
}

}  // namespace holdfast::gateway::ops
