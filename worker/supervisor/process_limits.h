#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::worker {

/// What one process may use. 0: no limit of its own.
struct ProcessLimits {
    /// Of private writable memory (RLIMIT_DATA): heap, stacks, what libraries map. Not RLIMIT_AS,
    /// which also counts what is only reserved: the allocator's arenas and every mapped file.
    /// Beyond it an allocation fails; std::bad_alloc in a handler fails its request.
    std::uint64_t memory_bytes = 0;
    std::uint32_t cpus = 0;  ///< how many of the CPUs that this process may use
    int nice = 0;            ///< 1 to 19: gives way to others
};

/// Limits this process. Before its threads start: CPUs and niceness count for the calling thread
/// and those that it starts. `index` spreads processes over the CPUs. Throws std::system_error.
void Apply(const ProcessLimits& limits, std::uint32_t index);

/// For people: those that are set.
std::vector<std::pair<std::string, std::string>> Describe(const ProcessLimits& limits);

}  // namespace holdfast::worker
