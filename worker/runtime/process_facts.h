#pragma once

#include <cstdint>
#include <string>

#include "worker/core/clock.h"

namespace holdfast::worker {

/// What a process knows of the supervisor's count of it.
struct ProcessFacts {
    std::uint32_t index = 0;
    std::uint32_t generation = 1;  ///< a reload raises it
    std::uint32_t restarts = 0;
    std::string last_crash{};  ///< such as SIGSEGV; empty: there was none
    TimePoint last_crash_at{};
};

}  // namespace holdfast::worker
