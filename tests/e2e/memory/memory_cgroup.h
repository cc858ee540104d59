#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::testing {

/// A memory cgroup of its own for one process, below or beside this process's; removed with this
/// object, when its process has ended.
///
/// Version 1 counts the sockets' buffers apart, and only once they have a limit of their own; here
/// they have the same limit, and Usage() is the sum. Version 2 counts all together.
class MemoryCgroup {
  public:
    /// Where the kernel says what is mounted, and which cgroups this process is in.
    struct Sources {
        std::filesystem::path mounts = "/proc/self/mounts";
        std::filesystem::path own = "/proc/self/cgroup";
    };

    /// None without the rights, or without the controller; `why_not` says which.
    static std::unique_ptr<MemoryCgroup> Create(std::uint64_t limit, std::string& why_not,
                                                const Sources& sources);
    static std::unique_ptr<MemoryCgroup> Create(std::uint64_t limit, std::string& why_not) {
        return Create(limit, why_not, Sources());
    }
    ~MemoryCgroup();
    MemoryCgroup(const MemoryCgroup&) = delete;
    MemoryCgroup& operator=(const MemoryCgroup&) = delete;

    /// To be put before a program's own command: enters the cgroup, then becomes the program.
    std::vector<std::string> EnterCommand() const;

    struct Usage {
        std::uint64_t total = 0;  ///< what the limit is compared with, sockets included
        std::uint64_t cache = 0;  ///< of it: file pages, which the kernel drops when it needs room
        std::uint64_t sockets = 0;  ///< of it: the buffers of sockets
        std::uint64_t kernel = 0;   ///< of it: the kernel's structures
        /// What cannot be dropped: what kills when it reaches the limit.
        std::uint64_t Held() const { return total - cache; }
    };
    Usage Read() const;
    /// Processes that the kernel killed because the limit was reached.
    std::uint64_t OomKills() const;
    int version() const { return version_; }
    const std::filesystem::path& directory() const { return directory_; }

  private:
    MemoryCgroup(std::filesystem::path directory, int version)
        : directory_(std::move(directory)), version_(version) {}
    std::uint64_t Number(const std::string& file) const;
    std::uint64_t Field(const std::string& file, const std::string& name) const;

    std::filesystem::path directory_;
    int version_;
};

}  // namespace holdfast::testing
