#pragma once

#include <filesystem>
#include <string>

namespace holdfast::worker {

/// What happens to one file, by inotify on its folder, so that a file that is replaced is seen as
/// well as one that is overwritten.
/// Thread: the supervisor's. Nothing blocks.
class FileWatch {
  public:
    struct Changes {
        bool complete = false;  ///< it was closed after writing, or another one took its place
        bool written = false;   ///< and not closed since
    };

    /// Throws std::system_error.
    explicit FileWatch(const std::filesystem::path& file);
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    int fd() const { return fd_; }
    /// What happened since the last call.
    Changes Take();

  private:
    int fd_ = -1;
    std::string name_;
    bool written_ = false;
};

}  // namespace holdfast::worker
