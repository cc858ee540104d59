#include "gateway/core/service_queue.h"

#include <algorithm>

namespace holdfast::gateway {

bool TokenBucket::TryTake(TimePoint now) {
    const double elapsed = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, elapsed) * rate_);
    filled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

}  // namespace holdfast::gateway
