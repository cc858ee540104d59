#include "load/result/interval.h"

#include <algorithm>

namespace holdfast::load {

void StepInterval::Merge(const StepInterval& other) {
    sent += other.sent;
    answered += other.answered;
    for (std::size_t kind = 0; kind < kErrorKinds; ++kind) errors[kind] += other.errors[kind];
    for (const auto& [status, count] : other.statuses) statuses[status] += count;
    for (const auto& [outcome, count] : other.outcomes) outcomes[outcome] += count;
    bytes_out += other.bytes_out;
    bytes_in += other.bytes_in;
    latency.Merge(other.latency);
    good_latency.Merge(other.good_latency);
    service_time.Merge(other.service_time);
    blocked.Merge(other.blocked);
}

void StepInterval::Pack() {
    for (Histogram* histogram : {&latency, &good_latency, &service_time, &blocked}) {
        histogram->Pack();
    }
}

void Interval::Merge(const Interval& other) {
    if (steps.size() < other.steps.size()) steps.resize(other.steps.size());
    for (std::size_t step = 0; step < other.steps.size(); ++step) {
        steps[step].Merge(other.steps[step]);
    }
    slip.Merge(other.slip);
    in_flight += other.in_flight;
    waiting += other.waiting;
    connections += other.connections;
    connects += other.connects;
    cpu += other.cpu;
    const std::size_t room = kMaxNotes - std::min(kMaxNotes, notes.size());
    const std::size_t taken = std::min(room, other.notes.size());
    notes.insert(notes.end(), other.notes.begin(),
                 other.notes.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Interval::Pack() {
    for (StepInterval& step : steps) step.Pack();
    slip.Pack();
}

}  // namespace holdfast::load
