#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <nlohmann/json.hpp>

#include "load/report/format.h"
#include "load/report/html.h"
#include "load/report/utf8.h"

namespace holdfast::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t kMostColumns = 300;
/// Rows of the heat map for each power of ten, from 1 ns on.
constexpr int kHeatRows = 8;

/// Four digits that count: more than a plot shows.
double Short(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return std::strtod(text, nullptr);
}

Json OrNull(const Histogram& histogram, double quantile) {
    return histogram.count() == 0 ? Json() : Json(Short(Seconds(histogram.At(quantile))));
}

/// A run cut into columns of whole seconds, each merged into one interval.
struct Cuts {
    std::uint32_t width = 1;  // seconds
    double length = 0;        // of the time axis
    std::vector<Interval> merged;
    std::vector<std::uint32_t> seconds;  // in each that reported anything

    double SecondsOf(std::size_t column) const {
        const double left = length - static_cast<double>(column) * width;
        return std::clamp(left, 1e-3, static_cast<double>(width));
    }
};

Cuts Cut(const Result& result) {
    Cuts columns;
    if (result.intervals.empty()) return columns;
    const std::uint32_t last = result.intervals.back().second;
    columns.length = std::max(static_cast<double>(last) + 1, Seconds(result.load.Length()));
    if (result.interrupted) columns.length = static_cast<double>(last) + 1;
    columns.width = last / kMostColumns + 1;
    columns.merged.resize(last / columns.width + 1);
    columns.seconds.resize(columns.merged.size());
    for (const Interval& interval : result.intervals) {
        const std::size_t column = interval.second / columns.width;
        Interval& into = columns.merged[column];
        const auto most = std::pair(std::max(into.in_flight, interval.in_flight),
                                    std::max(into.waiting, interval.waiting));
        into.Merge(interval);
        std::tie(into.in_flight, into.waiting) = most;
        ++columns.seconds[column];
    }
    return columns;
}

Json Heat(const Histogram& histogram) {
    std::map<int, std::uint64_t> rows;
    for (const auto& [upto, count] : histogram.Buckets()) {
        const auto nanoseconds = std::max(1.0, static_cast<double>(upto.count()));
        rows[static_cast<int>(std::floor(std::log10(nanoseconds) * kHeatRows))] += count;
    }
    Json flat = Json::array();
    for (const auto& [row, count] : rows) {
        flat.push_back(row);
        flat.push_back(count);
    }
    return flat;
}

/// (quantile, seconds), denser towards 1, up to the last quantile that a value stands for.
Json Spectrum(const Histogram& histogram) {
    Json points = Json::array();
    if (histogram.count() == 0) return points;
    const double last = std::log10(static_cast<double>(histogram.count()));
    for (int n = 0; n < last * 16; ++n) {
        const double quantile = 1 - std::pow(10, -n / 16.0);
        points.push_back({quantile, Short(Seconds(histogram.At(quantile)))});
    }
    points.push_back({1 - std::pow(10, -last), Short(Seconds(histogram.max()))});
    // Of one value there is no spectrum but a point; a second makes it a line that can be seen.
    if (histogram.count() == 1) points.push_back({0.9, Short(Seconds(histogram.max()))});
    return points;
}

Json Series(const Cuts& columns, const std::vector<StepInterval>& steps) {
    Json json;
    for (const char* name :
         {"sent", "good", "errors", "p50", "p90", "p99", "p999", "max", "heat"}) {
        json[name] = Json::array();
    }
    json["errors"] = Json::object();
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) {
        const bool any = std::any_of(steps.begin(), steps.end(), [kind](const StepInterval& step) {
            return step.errors[kind] > 0;
        });
        if (!any) continue;
        Json& values = json["errors"][std::string(kErrorKindNames[kind])] = Json::array();
        for (std::size_t n = 0; n < steps.size(); ++n) {
            values.push_back(
                Short(static_cast<double>(steps[n].errors[kind]) / columns.SecondsOf(n)));
        }
    }
    for (std::size_t n = 0; n < steps.size(); ++n) {
        const StepInterval& step = steps[n];
        const double seconds = columns.SecondsOf(n);
        json["sent"].push_back(Short(static_cast<double>(step.sent) / seconds));
        json["good"].push_back(Short(static_cast<double>(step.errors[0]) / seconds));
        for (const auto& [name, quantile] :
             {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}}) {
            json[name].push_back(OrNull(step.latency, quantile));
        }
        json["heat"].push_back(Heat(step.latency));
    }
    return json;
}

/// Step `number` of each column; without a number, all steps together.
std::vector<StepInterval> OfStep(const Cuts& columns, std::optional<std::size_t> number) {
    std::vector<StepInterval> steps(columns.merged.size());
    for (std::size_t n = 0; n < steps.size(); ++n) {
        const auto& all = columns.merged[n].steps;
        for (std::size_t step = 0; step < all.size(); ++step) {
            if (!number || *number == step) steps[n].Merge(all[step]);
        }
    }
    return steps;
}

Json Step(const Cuts& columns, std::optional<std::size_t> number, const StepFigures& figures) {
    Json json = {{"name", number ? ValidUtf8(figures.name) : "all steps"}};
    json.update(Series(columns, OfStep(columns, number)));
    const bool any_bad = figures.Errors() > 0;
    json["spectrum"] = {{"latency", Spectrum(figures.latency)},
                        {"good", any_bad ? Spectrum(figures.good_latency) : Json::array()},
                        {"service", Spectrum(figures.service_time)}};
    return json;
}

Json Client(const Cuts& columns) {
    Json json = {{"inFlight", Json::array()}, {"waiting", Json::array()}};
    for (const Interval& interval : columns.merged) {
        json["inFlight"].push_back(interval.in_flight);
        json["waiting"].push_back(interval.waiting);
    }
    return json;
}

Json Generator(const Cuts& columns, std::uint32_t processes) {
    Json json = {{"slip50", Json::array()}, {"slip99", Json::array()}, {"cpu", Json::array()}};
    for (std::size_t n = 0; n < columns.merged.size(); ++n) {
        const Interval& interval = columns.merged[n];
        json["slip50"].push_back(OrNull(interval.slip, 0.5));
        json["slip99"].push_back(OrNull(interval.slip, 0.99));
        const double seconds = std::max(1U, columns.seconds[n]);
        json["cpu"].push_back(Short(Seconds(interval.cpu) / seconds / std::max(1U, processes)));
    }
    return json;
}

/// At most twice as many samples as columns; of those that share a place, the largest of each.
Json Ops(const Result& result) {
    Json json;
    for (const char* name : {"second", "pending", "bytes", "resident", "workers", "cpu"}) {
        json[name] = Json::array();
    }
    const std::size_t stride = result.ops.size() / (std::size_t{2} * kMostColumns) + 1;
    const OpsSample* before = nullptr;
    for (std::size_t first = 0; first < result.ops.size(); first += stride) {
        const std::size_t upto = std::min(first + stride, result.ops.size());
        OpsSample most = result.ops[first];
        for (std::size_t n = first; n < upto; ++n) {
            const OpsSample& sample = result.ops[n];
            most.pending_requests = std::max(most.pending_requests, sample.pending_requests);
            most.pending_bytes = std::max(most.pending_bytes, sample.pending_bytes);
            most.resident_bytes = std::max(most.resident_bytes, sample.resident_bytes);
            most.workers = std::min(most.workers, sample.workers);
        }
        json["second"].push_back(Short(most.second));
        json["pending"].push_back(most.pending_requests);
        json["bytes"].push_back(most.pending_bytes);
        json["resident"].push_back(most.resident_bytes);
        json["workers"].push_back(most.workers);
        // A gateway that was started anew begins at zero again.
        const OpsSample& now = result.ops[first];
        const bool grew = before != nullptr && now.second > before->second &&
                          now.cpu_seconds >= before->cpu_seconds;
        json["cpu"].push_back(grew ? Json(Short((now.cpu_seconds - before->cpu_seconds) /
                                                (now.second - before->second)))
                                   : Json());
        before = &now;
    }
    return json;
}

/// "<" would end a script element; the rest stands for HTML of older browsers.
std::string WithinScript(const std::string& json) {
    std::string safe;
    for (const char character : json) {
        if (character == '<') {
            safe += "\\u003c";
        } else if (character == '>') {
            safe += "\\u003e";
        } else if (character == '&') {
            safe += "\\u0026";
        } else {
            safe += character;
        }
    }
    return safe;
}

}  // namespace

std::string HtmlData(const Result& result) {
    const Cuts columns = Cut(result);
    const Figures figures = Measure(result);
    Json steps = Json::array();
    steps.push_back(Step(columns, std::nullopt, figures.all));
    if (figures.steps.size() > 1) {
        for (std::size_t step = 0; step < figures.steps.size(); ++step) {
            steps.push_back(Step(columns, step, figures.steps[step]));
        }
    }
    Json marks = Json::array();
    for (const Mark& mark : result.marks) {
        marks.push_back({{"second", Short(std::max(0.0, mark.second))},
                         {"label", ValidUtf8(mark.label)},
                         {"failed", mark.failed}});
    }
    const double planned = Seconds(result.load.Length());
    const double load_end =
        planned > 0 && !result.interrupted ? std::min(planned, columns.length) : columns.length;
    const Json data = {{"length", columns.length},
                       {"width", columns.width},
                       {"columns", columns.merged.size()},
                       {"warmUp", std::min(Seconds(result.load.warm_up), columns.length)},
                       {"loadEnd", load_end},
                       {"closedLoop", result.load.mode == LoadMode::kClosed},
                       {"heatRows", kHeatRows},
                       {"steps", std::move(steps)},
                       {"client", Client(columns)},
                       {"generator", Generator(columns, result.processes)},
                       {"ops", Ops(result)},
                       {"marks", std::move(marks)}};
    return WithinScript(data.dump());
}

}  // namespace holdfast::load
