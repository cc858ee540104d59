#include "gateway/ops/snapshot_reader.h"

namespace holdfast::gateway::ops {

SnapshotView SnapshotReader::Read() {
    const TimePoint asked = Clock::now();
    const WaitingRoom::Place place(waiting_room_);
    SnapshotView view;
    view.snapshot = cell_.Get(place.taken() ? patience_ : std::chrono::milliseconds(0));
    view.stale = view.snapshot == nullptr || view.snapshot->taken < asked;
    return view;
}

}  // namespace holdfast::gateway::ops
