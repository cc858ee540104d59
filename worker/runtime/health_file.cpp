#include "worker/runtime/health_file.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace holdfast::worker {

void HealthFile::Touch() const {
    if (path_.empty()) return;
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0 || ::futimens(fd, nullptr) != 0) {
        spdlog::warn("cannot touch the health file {}: {}", path_,
                     std::generic_category().message(errno));
    }
    if (fd >= 0) ::close(fd);
}

bool IsHealthy(const std::string& path) {
    constexpr std::chrono::seconds kFresh(5);
    std::error_code error;
    const auto touched = std::filesystem::last_write_time(path, error);
    return !error && std::filesystem::file_time_type::clock::now() - touched < kFresh;
}

}  // namespace holdfast::worker
