#pragma once

#include <cstdint>

namespace holdfast::gateway::ops {

/// What the kernel says of this process; zero where it does not say.
struct ProcessStats {
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t threads = 0;
    std::uint64_t open_descriptors = 0;
    std::uint64_t max_descriptors = 0;  ///< the soft limit
    double cpu_seconds = 0;             ///< user and system, all threads
};

/// Any thread. Reads /proc; throws nothing.
ProcessStats ReadProcessStats();

}  // namespace holdfast::gateway::ops
