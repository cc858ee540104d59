// The state of every process, for whoever reads a failure.
#include <algorithm>
#include <chrono>
#include <ostream>

#include "tests/sim/gateway_node.h"
#include "tests/sim/worker_node.h"

namespace holdfast::sim {

void GatewayNode::Print(std::ostream& to) const {
    const auto ms = [](Duration duration) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    };
    to << "gateway " << index_ << (alive() ? "" : " (gone)") << (paused() ? " (stopped)" : "")
       << ": pending " << dispatcher_->pending() << ", reply bytes held " << replies_.held()
       << '\n';
    for (const auto& [session, account] : accounts_) {
        to << "  session " << session << ": sent " << account.requests_sent << " of "
           << account.requests_granted << " requests, " << account.bytes_sent << " of "
           << account.bytes_granted << " bytes\n";
    }
    // A table that leads nowhere cannot be copied.
    if (dispatcher_->pending() != dispatcher_->placed()) return;
    const gateway::Snapshot snapshot = dispatcher_->MakeSnapshot(scheduler_.now());
    for (const auto& service : snapshot.services) {
        to << "  service " << service.name << ": workers " << service.workers << ", queued "
           << service.queued << '\n';
    }
    for (const auto& worker : snapshot.workers) {
        to << "  " << worker.instance << " session " << worker.session << ' ' << worker.state
           << ", outstanding " << worker.outstanding << ", credit " << worker.credit << ", queued "
           << worker.queued << ", running " << worker.running << ", heard " << ms(worker.last_heard)
           << " ms ago\n";
    }
    for (const auto& one : snapshot.oldest) {
        to << "  request " << ToString(one.id) << ' ' << one.state << ' ' << one.worker
           << ", attempt " << one.attempt << ", age " << ms(one.age) << " ms, remaining "
           << ms(one.remaining) << " ms\n";
    }
}

void WorkerNode::Print(std::ostream& to) const {
    to << options_.instance << (alive() ? "" : " (gone)") << (paused() ? " (stopped)" : "")
       << ": held " << held() << ", waiting for a thread " << queue_.size() << ", threads busy "
       << std::ranges::count_if(threads_, [](const Thread& t) { return t.running != nullptr; })
       << '/' << threads_.size() << '\n';
    for (const Socket& socket : sockets_) {
        to << "  to gateway " << socket.gateway << ": "
           << (worker_->InSession(socket.link) ? "session " : "no session, last ") << socket.session
           << ", received " << socket.received.requests_total << " of "
           << socket.granted.requests_total << ", reply bytes sent " << socket.reply_bytes_sent
           << " of " << socket.reply_bytes_granted << '\n';
    }
}

}  // namespace holdfast::sim
