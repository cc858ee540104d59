#include "gateway/ops/snapshot_reader.h"

namespace holdfast::gateway::ops {

SnapshotView SnapshotReader::Read() {
    const TimePoint asked = Clock::now();
    const bool may_wait = waiting_.fetch_add(1, std::memory_order_relaxed) < max_waiting_;
    SnapshotView view;
    view.snapshot = cell_.Get(may_wait ? patience_ : std::chrono::milliseconds(0));
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    view.stale = view.snapshot == nullptr || view.snapshot->taken < asked;
    return view;
}

}  // namespace holdfast::gateway::ops
