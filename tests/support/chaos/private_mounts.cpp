#include "tests/support/chaos/private_mounts.h"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::testing {
namespace {

[[noreturn]] void Throw(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void Run(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

std::string Size(std::size_t bytes) {
    return "size=" + std::to_string(bytes);
}

}  // namespace

std::string EnterPrivateMounts() {
    static const std::string why = [] {
        if (unshare(CLONE_NEWNS) == 0 &&
            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) {
            return std::string();
        }
        return "no mounts of one's own: " + std::generic_category().message(errno);
    }();
    return why;
}

Mount Mount::OfMemory(const std::filesystem::path& folder, std::size_t bytes) {
    std::filesystem::create_directories(folder);
    if (mount("none", folder.c_str(), "tmpfs", 0, Size(bytes).c_str()) != 0) Throw("tmpfs");
    return Mount(folder);
}

Mount Mount::OfDevice(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    Mount made(folder);
    const std::string image = "'" + made.Image() + "'";
    Run("truncate -s 16M " + image + " && /sbin/mkfs.ext4 -q -F " + image + " 2>&1");
    Run("mount -o loop,errors=remount-ro " + image + " '" + folder.string() + "' 2>&1");
    return made;
}

Mount::Mount(Mount&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

Mount::~Mount() {
    if (!folder_.empty()) umount2(folder_.c_str(), MNT_DETACH);
}

void Mount::Resize(std::size_t bytes) const {
    if (mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, Size(bytes).c_str()) != 0) {
        Throw("resize");
    }
}

void Mount::MakeReadOnly(bool read_only) const {
    unsigned long flags = MS_REMOUNT;
    if (read_only) flags |= MS_RDONLY;
    if (mount("none", folder_.c_str(), "tmpfs", flags, nullptr) != 0) Throw("read-only");
}

void Mount::Fail() const {
    Run("mount -o remount,abort '" + folder_.string() + "'");
}

void Mount::Repair() const {
    const std::string folder = "'" + folder_.string() + "'";
    Run("umount " + folder + " && mount -o loop,errors=remount-ro '" + Image() + "' " + folder);
}

}  // namespace holdfast::testing
