#include "worker/core/link.h"

#include <algorithm>

namespace holdfast::worker {

void Link::NoteStarted() {
    // Taken in order, but several threads may be between taking and starting: look past a gap.
    for (RequestRecord* record = unstarted.front(); record != nullptr;) {
        RequestRecord* const next = PlaceList::Next(*record);
        if (record->Started()) {
            unstarted.Remove(*record);
            running.PushBack(*record);
            record->in_running = true;
            ++started_total;
        }
        record = next;
    }
}

PongItem Link::MakePong(TimePoint now) {
    NoteStarted();
    PongItem pong;
    pong.sequence = pong_wanted;
    pong.started_through = unstarted.empty() ? last_sequence : unstarted.front()->sequence - 1;
    for (const RequestRecord* record = running.front(); record != nullptr;
         record = PlaceList::Next(*record)) {
        pong.oldest_started = std::max(pong.oldest_started, now - record->StartedAt());
    }
    pong.queued = static_cast<std::uint32_t>(unstarted.size());
    pong.running = static_cast<std::uint32_t>(running.size());
    pong.started_total = started_total;
    pong.dropped_expired_total = dropped_expired;
    pong.dropped_cancelled_total = dropped_cancelled;
    return pong;
}

void Link::ResetSession() {
    session = 0;
    terms = {};
    lease.End();
    lease_until = TimePoint::min();
    suspect_until = TimePoint::max();
    last_sequence = 0;
    pong_wanted = 0;
    describe_wanted = 0;
    credit = {};
    announced = {};
    reply_bytes_sent = 0;
    reply_bytes_total = 0;
    started_total = 0;
    dropped_expired = 0;
    dropped_cancelled = 0;
    goodbye_wanted = false;
    returns.clear();
}

}  // namespace holdfast::worker
