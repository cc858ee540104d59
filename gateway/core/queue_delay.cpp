#include "gateway/core/queue_delay.h"

#include <algorithm>

namespace holdfast::gateway {
namespace {

/// The interval spans at least so many targets, so that requests that take seconds are not judged
/// by one of them.
constexpr int kTargetsInInterval = 2;

}  // namespace

void QueueDelay::OnTaken(Duration oldest, Duration needed, TimePoint now) {
    if (options_.target == Duration::zero()) return;
    allowed_ = std::max(options_.target, needed);
    interval_ = std::max(options_.interval, kTargetsInInterval * allowed_);
    // It is not over before that: at a load that is just too high it would come and go all the
    // time, with a burst's worth of waiting each time.
    if (now - last_above_ >= interval_) {
        standing_ = false;
        above_since_ = TimePoint::max();
    }
    if (oldest > allowed_) {
        last_above_ = now;
        above_since_ = std::min(above_since_, now);
        standing_ = standing_ || now - above_since_ >= interval_;
    } else {
        above_since_ = TimePoint::max();
    }
}

}  // namespace holdfast::gateway
