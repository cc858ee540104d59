#include "worker/supervisor/process_limits.h"

#include <sched.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace holdfast::worker {
namespace {

[[noreturn]] void Fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// The `count` CPUs from the `index`-th block of those that are allowed, around again at the end.
void Pin(std::uint32_t count, std::uint32_t index) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) Fail("--process-cpus");
    std::vector<std::size_t> usable;
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &allowed)) usable.push_back(cpu);
    }
    if (count >= usable.size()) return;
    cpu_set_t mine;
    CPU_ZERO(&mine);
    for (std::uint64_t i = 0; i < count; ++i) {
        CPU_SET(usable[(std::uint64_t{index} * count + i) % usable.size()], &mine);
    }
    if (::sched_setaffinity(0, sizeof mine, &mine) != 0) Fail("--process-cpus");
}

}  // namespace

void Apply(const ProcessLimits& limits, std::uint32_t index) {
    if (limits.memory_bytes != 0) {
        const rlimit limit{limits.memory_bytes, limits.memory_bytes};
        if (::setrlimit(RLIMIT_DATA, &limit) != 0) Fail("--process-memory");
    }
    if (limits.cpus != 0) Pin(limits.cpus, index);
    if (limits.nice != 0 && ::setpriority(PRIO_PROCESS, 0, limits.nice) != 0) {
        Fail("--process-nice");
    }
}

std::vector<std::pair<std::string, std::string>> Describe(const ProcessLimits& limits) {
    std::vector<std::pair<std::string, std::string>> settings;
    if (limits.memory_bytes != 0) {
        settings.emplace_back("process-memory", std::to_string(limits.memory_bytes));
    }
    if (limits.cpus != 0) settings.emplace_back("process-cpus", std::to_string(limits.cpus));
    if (limits.nice != 0) settings.emplace_back("process-nice", std::to_string(limits.nice));
    return settings;
}

}  // namespace holdfast::worker
