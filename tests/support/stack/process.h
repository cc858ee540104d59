#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::testing {

/// One child process whose output goes to a file. Killed and reaped with this object.
class Process {
  public:
    /// Throws std::system_error when it cannot be started. `environment` is added to this
    /// process's.
    Process(const std::vector<std::string>& command, std::string output_file,
            const std::map<std::string, std::string>& environment = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool Running();
    void Signal(int signal) const;

    /// The exit status as a shell gives it (128 + signal when killed); nothing when `patience`
    /// passed.
    std::optional<int> Wait(std::chrono::milliseconds patience);

    /// Everything that it has printed so far.
    std::string Output() const;

    std::uint64_t ResidentBytes() const;
    /// User and system time so far, of all its threads.
    std::chrono::milliseconds CpuTime() const;
    std::uint64_t DescriptorCount() const;

  private:
    std::optional<std::string> Status(const std::string& key) const;

    pid_t pid_ = -1;
    std::optional<int> exit_;
    std::string output_file_;
};

/// Polls until `condition` holds; false when `patience` passed first. A liveness bound, not a
/// measure.
bool Eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace holdfast::testing
