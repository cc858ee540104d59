#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace holdfast::worker {

/// The private copies of the plugin's file that children load, one for each generation: whoever
/// overwrites the file while processes run it changes nothing under them, and a core dump still
/// finds what it was made of while the supervisor lives.
///
/// They lie in a folder of their own below TMPDIR, /tmp, /var/tmp or /dev/shm, the first of these
/// that can be written and executed from. It goes with this object; a supervisor that is killed
/// leaves it behind.
///
/// Thread: the supervisor's.
class PluginCopies {
  public:
    /// Throws std::runtime_error when there is no such folder.
    explicit PluginCopies(std::filesystem::path plugin);
    ~PluginCopies();
    PluginCopies(const PluginCopies&) = delete;
    PluginCopies& operator=(const PluginCopies&) = delete;

    /// False: the file changed while it was copied; nothing is kept. Throws std::runtime_error when
    /// it cannot be read or copied.
    [[nodiscard]] bool Make(std::uint32_t generation);
    std::string PathOf(std::uint32_t generation) const;
    /// Whether the file has the same bytes as the copy.
    bool SameAs(std::uint32_t generation) const;
    void Drop(std::uint32_t generation);

  private:
    const std::filesystem::path plugin_;
    std::filesystem::path folder_;
};

/// What says that a file is still the same one, unchanged. Nothing when there is none.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
bool StampOf(const std::filesystem::path& file, FileStamp& stamp);

}  // namespace holdfast::worker
