#include "load/report/describe.h"

#include <algorithm>
#include <map>

#include "load/report/format.h"

namespace holdfast::load {
namespace {

std::string Times(std::uint64_t count, std::string_view noun) {
    return FormatCount(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string DescribeStages(const std::vector<Stage>& stages) {
    std::string text;
    for (const Stage& stage : stages) {
        if (!text.empty()) text += ", then ";
        if (stage.from != stage.to) text += FormatRate(stage.from) + " to ";
        text += FormatRate(stage.to) + " journeys/s for " + FormatDuration(stage.length);
    }
    return text;
}

using Counted = std::vector<std::pair<std::string, std::uint64_t>>;

std::string MostFirst(Counted counted, std::size_t most) {
    std::stable_sort(counted.begin(), counted.end(), [](const auto& left, const auto& right) {
        return left.second > right.second;
    });
    std::string text;
    for (std::size_t n = 0; n < std::min(most, counted.size()); ++n) {
        if (n > 0) text += ", ";
        text += counted[n].first + ": " + FormatCount(counted[n].second);
    }
    if (counted.size() > most) text += ", and " + Times(counted.size() - most, "other");
    return text;
}

}  // namespace

std::string DescribeLoad(const LoadProfile& load) {
    switch (load.mode) {
        case LoadMode::kOpen:
            if (load.stages.size() > 4) {
                return "open loop, " + Times(load.stages.size(), "stage") + " over " +
                       FormatDuration(load.Length());
            }
            return load.stages.empty() ? "open loop" : "open loop, " + DescribeStages(load.stages);
        case LoadMode::kClosed:
            return "closed loop, " + Times(load.users, "user") + " for " +
                   FormatDuration(load.Length());
        case LoadMode::kFindLimit:
            return "search for the limit between " + FormatRate(load.find_limit.lowest) + " and " +
                   FormatRate(load.find_limit.highest) + " journeys/s, " +
                   FormatDuration(load.find_limit.probe) + " each";
    }
    return {};
}

std::string DescribeRun(const Result& result) {
    std::string text = DescribeLoad(result.load);
    text += "; " + Times(result.load.connections, "connection") + " at most, " +
            FormatCount(result.processes) + " generator process" +
            (result.processes == 1 ? "" : "es");
    if (result.load.warm_up > Duration::zero()) {
        text += "; the warm-up of " + FormatDuration(result.load.warm_up) + " is left out";
    }
    if (result.interrupted) text += "; interrupted";
    return text;
}

std::string DescribeErrors(const StepFigures& step) {
    std::string text;
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) {
        if (step.errors[kind] == 0) continue;
        if (!text.empty()) text += ", ";
        text += std::string(kErrorKindNames[kind]) + " " + FormatCount(step.errors[kind]);
        if (IsLost(static_cast<ErrorKind>(kind))) text += " (lost)";
    }
    return text;
}

std::string DescribeStatuses(const StepFigures& step) {
    Counted counted;
    for (const auto& [status, count] : step.statuses) {
        counted.emplace_back(std::to_string(status), count);
    }
    return MostFirst(std::move(counted), 8);
}

std::string DescribeOutcomes(const StepFigures& step) {
    Counted counted;
    for (const auto& [outcome, count] : step.outcomes) {
        counted.emplace_back(Printable(outcome).substr(0, 64), count);
    }
    return MostFirst(std::move(counted), 8);
}

std::vector<std::string> Notes(const Result& result, std::size_t most) {
    const Span span = MeasuredSpan(result);
    std::map<std::string, std::uint64_t> counts;
    std::vector<std::string> order;
    for (const Interval& interval : result.intervals) {
        if (interval.second < span.from || interval.second >= span.upto) continue;
        for (const std::string& note : interval.notes) {
            if (++counts[note] == 1) order.push_back(note);
        }
    }
    std::vector<std::string> notes;
    for (std::string& note : order) {
        if (notes.size() == most) {
            notes.push_back("and " + Times(order.size() - most, "other note"));
            break;
        }
        const std::uint64_t count = counts[note];
        notes.push_back(std::move(note));
        if (count > 1) notes.back() += " (×" + FormatCount(count) + ")";
    }
    return notes;
}

}  // namespace holdfast::load
