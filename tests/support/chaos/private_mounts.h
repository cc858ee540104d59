#pragma once

#include <filesystem>
#include <string>

namespace holdfast::testing {

/// Gives this process, and those that it starts, mounts of their own: whatever is mounted from now
/// on is seen by nobody else and goes with them, even when they are killed. Once for a process,
/// from its main thread. Returns why not, where that is refused; empty when it is done.
std::string EnterPrivateMounts();

/// A file system of its own on a folder, after EnterPrivateMounts(). Unmounted with this object.
class Mount {
  public:
    /// In memory, of so many bytes. Throws std::system_error.
    static Mount OfMemory(const std::filesystem::path& folder, std::size_t bytes);
    /// On a device of 16 MiB that can fail. Throws std::runtime_error where the kernel or mkfs.ext4
    /// cannot make one.
    static Mount OfDevice(const std::filesystem::path& folder);
    ~Mount();
    Mount(Mount&& other) noexcept;
    Mount& operator=(Mount&&) = delete;

    /// OfMemory: from now on so many bytes.
    void Resize(std::size_t bytes) const;
    /// OfDevice: what the kernel does to a file system whose device fails: read-only under
    /// everybody.
    void Fail() const;
    /// OfMemory, while no file is open for writing. Throws std::system_error.
    void MakeReadOnly(bool read_only) const;
    /// OfDevice: unmounted, and mounted again in good order. Nobody may have a file open there.
    void Repair() const;

  private:
    explicit Mount(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::string Image() const { return folder_.string() + ".img"; }

    std::filesystem::path folder_;
};

}  // namespace holdfast::testing
