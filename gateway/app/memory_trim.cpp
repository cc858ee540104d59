#include "gateway/app/memory_trim.h"

#include <algorithm>

namespace holdfast::gateway::app {

bool MemoryTrim::Due(std::uint64_t held, TimePoint now) {
    peak_ = std::max(peak_, held);
    if (now < rests_until_ || peak_ - held < kWorthwhile) return false;
    peak_ = held;
    rests_until_ = now + kRest;
    return true;
}

}  // namespace holdfast::gateway::app
