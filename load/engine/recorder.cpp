#include "load/engine/recorder.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace holdfast::load {
namespace {

Duration Cpu() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           std::chrono::microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

void Clear(StepInterval& step) {
    step.sent = step.answered = step.bytes_out = step.bytes_in = 0;
    step.errors.fill(0);
    step.statuses.clear();
    step.outcomes.clear();
    step.latency.Clear();
    step.good_latency.Clear();
    step.service_time.Clear();
    step.blocked.Clear();
}

std::string_view Find(std::span<const HeaderView> headers, std::string_view name) {
    for (const HeaderView& header : headers) {
        if (header.name.size() == name.size() &&
            ::strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
            return header.value;
        }
    }
    return {};
}

}  // namespace

Recorder::Recorder(const Flow& flow, TimePoint start, Ledger* ledger, Sink sink)
    : flow_(flow),
      start_(start),
      wall_start_(
          std::chrono::system_clock::now() +
          std::chrono::duration_cast<std::chrono::system_clock::duration>(start - Clock::now())),
      ledger_(ledger),
      sink_(std::move(sink)),
      cpu_before_(Cpu()) {
    interval_.steps.resize(flow.steps.size());
}

void Recorder::Record(const Ended& ended, bool headers) {
    StepInterval& into = step(ended.request->step);
    const Duration latency = ended.now - ended.planned;
    into.bytes_in += ended.bytes_in;
    std::string_view outcome;
    std::string_view processed;
    if (ended.response != nullptr) {
        ++into.answered;
        ++into.statuses[ended.response->status];
        into.latency.Record(latency);
        into.service_time.Record(ended.now - ended.begun);
        if (ended.error == ErrorKind::kNone) into.good_latency.Record(latency);
        if (headers) outcome = Find(ended.response->headers, "Holdfast-Outcome");
        if (!outcome.empty()) {
            const auto known = into.outcomes.find(outcome);
            if (known != into.outcomes.end()) {
                ++known->second;
            } else if (into.outcomes.size() < kMaxOutcomes) {
                into.outcomes.emplace(outcome, 1);
            }
        }
        if (headers && ledger_ != nullptr) {
            processed = Find(ended.response->headers, "Holdfast-Processed");
        }
    } else if (ended.error == ErrorKind::kTimeout) {
        // Left out, the slowest of all would make the result look fast.
        into.latency.Record(latency);
    }
    ++into.errors[static_cast<std::size_t>(ended.error)];
    if (ended.error != ErrorKind::kNone) Note(ended.request->step, ended.detail);
    if (ledger_ != nullptr) WriteLedger(ended, outcome, processed);
}

void Recorder::WriteLedger(const Ended& ended, std::string_view outcome,
                           std::string_view processed) {
    const auto wall = [this](TimePoint at) {
        return wall_start_ +
               std::chrono::duration_cast<std::chrono::system_clock::duration>(at - start_);
    };
    LedgerEntry entry;
    entry.journey = ended.journey;
    entry.step = flow_.steps[ended.request->step].name;
    entry.mark = ended.request->mark;
    entry.idempotency_key = ended.request->idempotency_key;
    entry.planned = wall(ended.planned);
    entry.ended = wall(ended.now);
    entry.request_body = ended.request->body;
    entry.error = ended.abandoned ? ErrorKind::kDisconnected : ended.error;
    if (ended.response != nullptr) {
        entry.status = ended.response->status;
        entry.body = ended.response->body;
    }
    entry.outcome = outcome;
    entry.processed = processed;
    ledger_->Record(entry);
}

void Recorder::Note(std::uint32_t step, std::string_view detail) {
    if (interval_.notes.size() >= Interval::kMaxNotes) return;
    std::string note = "step " + flow_.steps[step].name + ": ";
    note += detail;
    Note(std::move(note));
}

void Recorder::Note(std::string note) {
    if (interval_.notes.size() >= Interval::kMaxNotes) return;
    if (std::ranges::find(interval_.notes, note) != interval_.notes.end()) return;
    interval_.notes.push_back(std::move(note));
}

void Recorder::Roll(TimePoint now, const Gauges& gauges) {
    while (now >= next()) HandOver(gauges);
}

void Recorder::Finish(const Gauges& gauges) {
    HandOver(gauges);
}

void Recorder::HandOver(const Gauges& gauges) {
    interval_.in_flight = gauges.in_flight;
    interval_.waiting = gauges.waiting;
    interval_.connections = gauges.connections;
    const Duration cpu = Cpu();
    interval_.cpu = cpu - std::exchange(cpu_before_, cpu);
    if (sink_) sink_(interval_);
    ++interval_.second;
    for (StepInterval& each : interval_.steps) Clear(each);
    interval_.slip.Clear();
    interval_.connects = 0;
    interval_.notes.clear();
}

}  // namespace holdfast::load
