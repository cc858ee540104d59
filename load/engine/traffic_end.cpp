#include <utility>

#include "load/engine/traffic.h"

// How the traffic ends.

namespace holdfast::load {

void Traffic::EndPlan() {
    plan_ended_ = true;
}

void Traffic::EndFeeding() {
    if (exhausted_) return;
    exhausted_ = true;
    EndPlan();
    schedule_ = Schedule({}, 0, 1);
    recorder_.Note("a feeder ran out: no further journeys began");
    recorder_.step(0).errors[static_cast<std::size_t>(ErrorKind::kUnsent)] += waiting_.size();
    waiting_.clear();
}

void Traffic::StopSending() {
    EndPlan();
    if (std::exchange(sending_stopped_, true)) return;
    for (; schedule_.next() && *NextPlanned() <= parts_.now; schedule_.Advance()) {
        CountUnsent({*NextPlanned(), schedule_.number()});
    }
    schedule_ = Schedule({}, 0, 1);
    for (; !waiting_.empty(); waiting_.pop_front()) CountUnsent(waiting_.front());
    for (; !waiting_users_.empty(); waiting_users_.pop_front()) {
        User& user = at(waiting_users_.front());
        Record(user, nullptr, nullptr, {ErrorKind::kUnsent, "the run ended first"});
        EndJourney(user, nullptr);
    }
    for (; !pauses_.empty(); pauses_.pop()) {
        if (at(pauses_.top().user).under_way) EndJourney(at(pauses_.top().user), nullptr);
    }
}

void Traffic::GiveUp() {
    StopSending();
    for (std::uint32_t i = 0; i < pool_.size(); ++i) {
        Connection& connection = pool_.at(i);
        if (connection.state() != Connection::State::kBusy) continue;
        connection.Close();
        OnFailed(connection, ErrorKind::kTimeout, "no whole answer before the run ended");
    }
}

}  // namespace holdfast::load
