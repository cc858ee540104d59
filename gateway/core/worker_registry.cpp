#include "gateway/core/worker_registry.h"

#include <algorithm>

namespace holdfast::gateway {

Worker* WorkerRegistry::Add(PeerId peer, HelloItem hello, TimePoint now) {
    if (by_peer_.size() >= capacity_) return nullptr;
    const auto free = std::find(workers_.begin(), workers_.end(), nullptr);
    const auto index = static_cast<std::uint32_t>(free - workers_.begin());
    if (free == workers_.end()) workers_.emplace_back();
    auto worker = std::make_unique<Worker>();
    worker->index = index;
    worker->peer = peer;
    worker->session = next_session_++;
    worker->hello = std::move(hello);
    worker->last_heard = now;
    worker->greeted = now;
    worker->next_ping = now;
    by_peer_[peer.value] = index;
    workers_[index] = std::move(worker);
    return workers_[index].get();
}

void WorkerRegistry::Remove(Worker& worker) {
    Spare(worker);
    by_peer_.erase(worker.peer.value);
    workers_[worker.index].reset();
}

Worker* WorkerRegistry::Find(PeerId peer) {
    const auto found = by_peer_.find(peer.value);
    return found == by_peer_.end() ? nullptr : workers_[found->second].get();
}

Worker* WorkerRegistry::FindInstance(const std::string& instance) {
    for (const auto& worker : workers_) {
        if (worker && worker->hello.instance == instance) return worker.get();
    }
    return nullptr;
}

void WorkerRegistry::Suspect(Worker& worker, Worker::Suspicion suspicion) {
    if (worker.suspicion == Worker::Suspicion::kNone) ++suspected_;
    worker.suspicion = std::max(worker.suspicion, suspicion);
}

void WorkerRegistry::Spare(Worker& worker) {
    if (worker.suspicion != Worker::Suspicion::kNone) --suspected_;
    worker.suspicion = Worker::Suspicion::kNone;
}

}  // namespace holdfast::gateway
