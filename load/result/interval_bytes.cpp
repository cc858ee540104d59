// An interval on the pipe: a version byte, then varints in the order of the members; texts and maps
// with their length in front; histograms as they write themselves. Equal intervals are equal bytes.
#include <algorithm>
#include <limits>

#include "load/result/interval.h"
#include "load/result/varint.h"

namespace holdfast::load {
namespace {

constexpr char kVersion = 1;
constexpr std::uint64_t kMostStatuses = 1000;
constexpr std::uint64_t kMostOutcomes = 256;
/// Nanoseconds: a month. Those of many intervals are added up.
constexpr std::uint64_t kMostCpu = std::uint64_t{31} * 24 * 3600 * 1'000'000'000;

void AppendText(std::string& bytes, std::string_view text) {
    text = text.substr(0, Interval::kMaxText);
    AppendVarint(bytes, text.size());
    bytes += text;
}

bool TakeText(std::string_view& from, std::string& text) {
    std::uint64_t size = 0;
    if (!TakeVarint(from, size) || size > Interval::kMaxText || size > from.size()) return false;
    text = from.substr(0, static_cast<std::size_t>(size));
    from.remove_prefix(static_cast<std::size_t>(size));
    return true;
}

void AppendStep(std::string& bytes, const StepInterval& step) {
    AppendVarint(bytes, step.sent);
    AppendVarint(bytes, step.answered);
    for (const std::uint64_t count : step.errors) AppendVarint(bytes, count);
    AppendVarint(bytes, step.statuses.size());
    for (const auto& [status, count] : step.statuses) {
        AppendVarint(bytes, status);
        AppendVarint(bytes, count);
    }
    // What a hostile server calls an outcome is bounded here; those cut off stay in `answered`.
    const std::uint64_t outcomes = std::min<std::uint64_t>(step.outcomes.size(), kMostOutcomes);
    AppendVarint(bytes, outcomes);
    auto outcome = step.outcomes.begin();
    for (std::uint64_t n = 0; n < outcomes; ++n, ++outcome) {
        AppendText(bytes, outcome->first);
        AppendVarint(bytes, outcome->second);
    }
    AppendVarint(bytes, step.bytes_out);
    AppendVarint(bytes, step.bytes_in);
    for (const Histogram* histogram :
         {&step.latency, &step.good_latency, &step.service_time, &step.blocked}) {
        histogram->AppendTo(bytes);
    }
}

bool TakeStatuses(std::string_view& from, StepInterval& step) {
    std::uint64_t size = 0;
    if (!TakeVarint(from, size) || size > kMostStatuses) return false;
    for (std::uint64_t n = 0; n < size; ++n) {
        std::uint64_t status = 0;
        std::uint64_t count = 0;
        if (!TakeVarint(from, status) || !TakeVarint(from, count)) return false;
        if (status > std::numeric_limits<std::uint16_t>::max()) return false;
        const auto key = static_cast<std::uint16_t>(status);
        if (!step.statuses.empty() && step.statuses.rbegin()->first >= key) return false;
        step.statuses.emplace_hint(step.statuses.end(), key, count);
    }
    return true;
}

bool TakeOutcomes(std::string_view& from, StepInterval& step) {
    std::uint64_t size = 0;
    if (!TakeVarint(from, size) || size > kMostOutcomes) return false;
    for (std::uint64_t n = 0; n < size; ++n) {
        std::string text;
        std::uint64_t count = 0;
        if (!TakeText(from, text) || !TakeVarint(from, count)) return false;
        if (!step.outcomes.empty() && step.outcomes.rbegin()->first >= text) return false;
        step.outcomes.emplace_hint(step.outcomes.end(), std::move(text), count);
    }
    return true;
}

bool TakeStep(std::string_view& from, StepInterval& step) {
    if (!TakeVarint(from, step.sent) || !TakeVarint(from, step.answered)) return false;
    for (std::uint64_t& count : step.errors) {
        if (!TakeVarint(from, count)) return false;
    }
    return TakeStatuses(from, step) && TakeOutcomes(from, step) &&
           TakeVarint(from, step.bytes_out) && TakeVarint(from, step.bytes_in) &&
           Histogram::Take(from, step.latency) && Histogram::Take(from, step.good_latency) &&
           Histogram::Take(from, step.service_time) && Histogram::Take(from, step.blocked);
}

bool TakeSteps(std::string_view& from, Interval& into) {
    std::uint64_t steps = 0;
    if (!TakeVarint(from, steps) || steps > Interval::kMaxSteps) return false;
    for (std::uint64_t n = 0; n < steps; ++n) {
        if (!TakeStep(from, into.steps.emplace_back())) return false;
    }
    return Histogram::Take(from, into.slip);
}

bool TakeNotes(std::string_view& from, Interval& into) {
    std::uint64_t notes = 0;
    if (!TakeVarint(from, notes) || notes > Interval::kMaxNotes) return false;
    for (std::uint64_t n = 0; n < notes; ++n) {
        if (!TakeText(from, into.notes.emplace_back())) return false;
    }
    return true;
}

}  // namespace

std::string Interval::Serialize() const {
    std::string bytes(1, kVersion);
    AppendVarint(bytes, second);
    AppendVarint(bytes, steps.size());
    for (const StepInterval& step : steps) AppendStep(bytes, step);
    slip.AppendTo(bytes);
    for (const std::uint64_t number : {in_flight, waiting, connections, connects}) {
        AppendVarint(bytes, number);
    }
    AppendVarint(bytes, static_cast<std::uint64_t>(std::max(cpu, Duration::zero()).count()));
    const std::size_t kept = std::min(notes.size(), kMaxNotes);
    AppendVarint(bytes, kept);
    for (std::size_t n = 0; n < kept; ++n) AppendText(bytes, notes[n]);
    return bytes;
}

bool Interval::Parse(std::string_view bytes, Interval& into) {
    into = Interval();
    if (bytes.empty() || bytes.front() != kVersion) return false;
    bytes.remove_prefix(1);
    std::uint64_t second = 0;
    if (!TakeVarint(bytes, second) || second > std::numeric_limits<std::uint32_t>::max()) {
        return false;
    }
    into.second = static_cast<std::uint32_t>(second);
    std::uint64_t cpu = 0;
    if (!TakeSteps(bytes, into) || !TakeVarint(bytes, into.in_flight) ||
        !TakeVarint(bytes, into.waiting) || !TakeVarint(bytes, into.connections) ||
        !TakeVarint(bytes, into.connects) || !TakeVarint(bytes, cpu) || !TakeNotes(bytes, into)) {
        return false;
    }
    if (cpu > kMostCpu) return false;
    into.cpu = Duration(static_cast<Duration::rep>(cpu));
    return bytes.empty();
}

}  // namespace holdfast::load
