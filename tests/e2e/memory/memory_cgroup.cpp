#include "tests/e2e/memory/memory_cgroup.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;

bool Write(const fs::path& file, const std::string& text) {
    std::ofstream stream(file);
    stream << text << std::flush;
    return stream.good();
}

std::string FirstLine(const fs::path& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

/// Where a cgroup hierarchy is mounted: of version 2, or of version 1 with the memory controller.
std::optional<fs::path> MountOf(const fs::path& mounts_file, int version) {
    std::ifstream mounts(mounts_file);
    std::string device;
    std::string point;
    std::string type;
    std::string options;
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream(line) >> device >> point >> type >> options;
        const bool memory = ("," + options + ",").find(",memory,") != std::string::npos;
        if (version == 1 ? type == "cgroup" && memory : type == "cgroup2") return point;
    }
    return std::nullopt;
}

/// This process's own cgroup in that hierarchy.
std::string OwnPath(const fs::path& own_file, int version) {
    std::ifstream cgroups(own_file);
    for (std::string line; std::getline(cgroups, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool memory = ("," + controllers + ",").find(",memory,") != std::string::npos;
        if (version == 1 ? memory : controllers.empty()) return line.substr(second + 1);
    }
    return "/";
}

std::string Name() {
    return "holdfast-memory-law-" + std::to_string(getpid());
}

std::optional<fs::path> MakeVersion1(std::uint64_t limit, std::string& why_not,
                                     const MemoryCgroup::Sources& sources) {
    const auto mount = MountOf(sources.mounts, 1);
    if (!mount) return std::nullopt;
    const fs::path directory = mount->string() + OwnPath(sources.own, 1) + "/" + Name();
    std::error_code error;
    if (!fs::create_directory(directory, error)) {
        why_not = "cannot make " + directory.string() + ": " + error.message();
        return std::nullopt;
    }
    // The kernel begins to count the buffers of sockets when they get a limit.
    const std::string bytes = std::to_string(limit);
    if (!Write(directory / "memory.limit_in_bytes", bytes) ||
        !Write(directory / "memory.kmem.tcp.limit_in_bytes", bytes)) {
        why_not = "cannot set the limits of " + directory.string();
        fs::remove(directory, error);
        return std::nullopt;
    }
    // Not there without swap accounting, and then there is no swap to fear from.
    Write(directory / "memory.swappiness", "0");
    return directory;
}

std::optional<fs::path> MakeVersion2(std::uint64_t limit, std::string& why_not,
                                     const MemoryCgroup::Sources& sources) {
    const auto mount = MountOf(sources.mounts, 2);
    if (!mount) {
        why_not = "no memory cgroups are mounted";
        return std::nullopt;
    }
    // A cgroup that holds processes, as this one's own, gives no controllers to those below it;
    // those beside it have what their common parent gives.
    fs::path parent = mount->string() + OwnPath(sources.own, 2);
    const auto gives_memory = [](const fs::path& at) {
        return (" " + FirstLine(at / "cgroup.subtree_control") + " ").find(" memory ") !=
               std::string::npos;
    };
    while (!gives_memory(parent) && parent != *mount) parent = parent.parent_path();
    if (!gives_memory(parent)) {
        why_not = "no cgroup above this process gives the memory controller to those below it";
        return std::nullopt;
    }
    const fs::path directory = parent / Name();
    std::error_code error;
    if (!fs::create_directory(directory, error)) {
        why_not = "cannot make " + directory.string() + ": " + error.message();
        return std::nullopt;
    }
    if (!Write(directory / "memory.max", std::to_string(limit))) {
        why_not = "cannot set the limit of " + directory.string();
        fs::remove(directory, error);
        return std::nullopt;
    }
    Write(directory / "memory.swap.max", "0");
    return directory;
}

}  // namespace

std::unique_ptr<MemoryCgroup> MemoryCgroup::Create(std::uint64_t limit, std::string& why_not,
                                                   const Sources& sources) {
    int version = 1;
    auto directory = MakeVersion1(limit, why_not, sources);
    if (!directory && why_not.empty()) {
        version = 2;
        directory = MakeVersion2(limit, why_not, sources);
    }
    if (!directory) return nullptr;
    return std::unique_ptr<MemoryCgroup>(new MemoryCgroup(*directory, version));
}

MemoryCgroup::~MemoryCgroup() {
    std::error_code error;
    for (int tries = 0; tries < 100; ++tries) {
        if (fs::remove(directory_, error)) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

std::vector<std::string> MemoryCgroup::EnterCommand() const {
    return {"/bin/sh", "-c", R"(echo $$ > "$0" && exec "$@")", directory_ / "cgroup.procs"};
}

std::uint64_t MemoryCgroup::Number(const std::string& file) const {
    std::uint64_t number = 0;
    std::ifstream(directory_ / file) >> number;
    return number;
}

std::uint64_t MemoryCgroup::Field(const std::string& file, const std::string& name) const {
    std::ifstream stream(directory_ / file);
    std::string field;
    std::uint64_t number = 0;
    while (stream >> field >> number) {
        if (field == name) return number;
    }
    return 0;
}

MemoryCgroup::Usage MemoryCgroup::Read() const {
    Usage usage;
    if (version_ == 1) {
        usage.sockets = Number("memory.kmem.tcp.usage_in_bytes");
        usage.kernel = Number("memory.kmem.usage_in_bytes");
        usage.cache = Field("memory.stat", "total_cache");
        usage.total = Number("memory.usage_in_bytes") + usage.sockets;
    } else {
        usage.sockets = Field("memory.stat", "sock");
        usage.kernel = Field("memory.stat", "kernel");
        usage.cache = Field("memory.stat", "file");
        usage.total = Number("memory.current");
    }
    usage.cache = std::min(usage.cache, usage.total);
    return usage;
}

std::uint64_t MemoryCgroup::OomKills() const {
    return Field(version_ == 1 ? "memory.oom_control" : "memory.events", "oom_kill");
}

}  // namespace holdfast::testing
