// What the Dispatcher knows, copied for people to look at.
#include <algorithm>
#include <cstddef>

#include "gateway/core/dispatcher.h"

namespace holdfast::gateway {

using State = PendingTable::State;

std::size_t Dispatcher::placed() const {
    std::size_t placed = 0;
    for (const ServiceQueue& service : services_) placed += service.size();
    workers_.ForEach([&](const Worker& worker) { placed += worker.outstanding(); });
    return placed;
}

Snapshot Dispatcher::MakeSnapshot(TimePoint now) const {
    Snapshot snapshot;
    snapshot.taken = now;
    workers_.ForEach([&](const Worker& worker) {
        Snapshot::Worker view;
        view.instance = worker.hello.instance;
        view.version = worker.hello.version;
        view.host = worker.hello.host;
        view.pid = worker.hello.pid;
        view.session = worker.session;
        view.state = worker.suspicion != Worker::Suspicion::kNone ? "suspected"
                     : worker.draining                            ? "draining"
                                                                  : "live";
        for (const auto& service : worker.hello.services) view.services.push_back(service.name);
        view.threads = worker.hello.threads;
        view.outstanding = worker.outstanding();
        view.credit = worker.granted.requests_total > worker.requests_sent
                          ? worker.granted.requests_total - worker.requests_sent
                          : 0;
        view.sent = worker.requests_sent;
        view.replied = worker.replies;
        view.queued = worker.pong.queued;
        view.running = worker.pong.running;
        view.oldest_started = worker.pong.oldest_started;
        view.last_heard = now - worker.last_heard;
        view.process = worker.hello.process;
        if (view.process) view.process->last_crash_age += now - worker.greeted;
        snapshot.workers.push_back(std::move(view));
    });
    for (const ServiceQueue& service : services_) {
        snapshot.services.push_back(
            {service.name, static_cast<std::uint32_t>(service.workers.size()), service.size(),
             service.bytes(), service.outstanding,
             service.limit.bounded() ? service.limit.limit() : 0, service.Stands(now)});
    }
    snapshot.pending = table_.size();

    std::vector<SlotIndex> oldest;
    oldest.reserve(table_.size());
    table_.ForEach([&](SlotIndex index, const PendingTable::Slot&) { oldest.push_back(index); });
    const auto received = [&](SlotIndex index) { return table_[index].deferred->request.received; };
    const auto kept = std::min(oldest.size(), SnapshotCell::kOldest);
    std::ranges::partial_sort(oldest, oldest.begin() + static_cast<std::ptrdiff_t>(kept), {},
                              received);
    for (std::size_t i = 0; i < kept; ++i) {
        const PendingTable::Slot& slot = table_[oldest[i]];
        const Request& request = slot.deferred->request;
        Snapshot::Pending view;
        view.id = table_.IdOf(oldest[i]);
        view.route = request.route->path;
        view.state = slot.state == State::kQueued     ? "queued"
                     : slot.state == State::kAssigned ? "assigned"
                                                      : "sent";
        if (slot.worker != PendingTable::kNoWorker) {
            view.worker = workers_[slot.worker].hello.instance;
        }
        view.attempt = slot.attempt;
        view.age = now - request.received;
        view.remaining = request.deadline - now;
        snapshot.oldest.push_back(std::move(view));
    }
    return snapshot;
}

}  // namespace holdfast::gateway
