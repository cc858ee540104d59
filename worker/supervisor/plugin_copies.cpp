#include "worker/supervisor/plugin_copies.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace holdfast::worker {
namespace {

std::filesystem::path MakeFolder() {
    std::vector<std::string> bases = {"/tmp", "/var/tmp", "/dev/shm"};
    if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named != '\0') {
        bases.insert(bases.begin(), named);
    }
    for (const std::string& base : bases) {
        struct statvfs system {};
        if (::statvfs(base.c_str(), &system) != 0 || (system.f_flag & ST_NOEXEC) != 0) continue;
        std::string name = base + "/holdfast-worker-XXXXXX";
        if (::mkdtemp(name.data()) != nullptr) return name;
    }
    throw std::runtime_error(
        "no folder for a private copy of the plugin: set TMPDIR to one that can be written and "
        "executed from");
}

}  // namespace

bool StampOf(const std::filesystem::path& file, FileStamp& stamp) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return false;
    stamp = {status.st_dev, status.st_ino, status.st_size,
             std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
    return true;
}

PluginCopies::PluginCopies(std::filesystem::path plugin)
    : plugin_(std::filesystem::absolute(plugin)), folder_(MakeFolder()) {}

PluginCopies::~PluginCopies() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string PluginCopies::PathOf(std::uint32_t generation) const {
    return folder_ / std::to_string(generation) / plugin_.filename();
}

bool PluginCopies::Make(std::uint32_t generation) {
    FileStamp before;
    if (!StampOf(plugin_, before)) {
        throw std::runtime_error("plugin " + plugin_.string() + ": " +
                                 std::generic_category().message(errno));
    }
    const std::filesystem::path copy = PathOf(generation);
    try {
        std::filesystem::create_directory(copy.parent_path());
        std::filesystem::copy_file(plugin_, copy);
    } catch (const std::filesystem::filesystem_error& error) {
        Drop(generation);
        throw std::runtime_error("plugin " + plugin_.string() + ": " + error.code().message());
    }
    FileStamp after;
    if (StampOf(plugin_, after) && after == before) return true;
    Drop(generation);
    return false;
}

bool PluginCopies::SameAs(std::uint32_t generation) const {
    std::ifstream file(plugin_, std::ios::binary);
    std::ifstream copy(PathOf(generation), std::ios::binary);
    using Bytes = std::istreambuf_iterator<char>;
    return file && copy && std::equal(Bytes(file), Bytes(), Bytes(copy), Bytes());
}

void PluginCopies::Drop(std::uint32_t generation) {
    std::error_code ignored;
    std::filesystem::remove_all(folder_ / std::to_string(generation), ignored);
}

}  // namespace holdfast::worker
