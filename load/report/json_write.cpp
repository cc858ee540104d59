#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "load/report/base64.h"
#include "load/report/format.h"
#include "load/report/json_names.h"
#include "load/report/report.h"
#include "load/report/utf8.h"
#include "load/result/figures.h"

namespace holdfast::load {
namespace {

using Json = nlohmann::ordered_json;

std::string Packed(const Histogram& histogram) {
    std::string bytes;
    histogram.AppendTo(bytes);
    return ToBase64(bytes);
}

Json Percentiles(const Histogram& histogram) {
    Json json = {{"count", histogram.count()},
                 {"mean", Seconds(histogram.Mean())},
                 {"deviation", Seconds(histogram.StandardDeviation())},
                 {"min", Seconds(histogram.min())}};
    for (const auto& [name, quantile] : {std::pair{"p50", 0.5},
                                         {"p75", 0.75},
                                         {"p90", 0.9},
                                         {"p95", 0.95},
                                         {"p99", 0.99},
                                         {"p99.9", 0.999},
                                         {"p99.99", 0.9999}}) {
        json[name] = Seconds(histogram.At(quantile));
    }
    json["max"] = Seconds(histogram.max());
    return json;
}

Json Buckets(const Histogram& histogram) {
    Json json = Json::array();
    for (const auto& bucket : histogram.Buckets()) {
        json.push_back({Seconds(bucket.upto), bucket.count});
    }
    return json;
}

/// What StepFigures and StepInterval have in common.
Json Counts(const StepInterval& step) {
    Json errors = Json::object();
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) {
        if (step.errors[kind] > 0) errors[std::string(kErrorKindNames[kind])] = step.errors[kind];
    }
    Json statuses = Json::object();
    for (const auto& [status, count] : step.statuses) statuses[std::to_string(status)] = count;
    Json outcomes = Json::object();
    for (const auto& [outcome, count] : step.outcomes) outcomes[ValidUtf8(outcome)] = count;
    return {{"sent", step.sent},           {"answered", step.answered},
            {"good", step.errors[0]},      {"errors", std::move(errors)},
            {"statuses", statuses},        {"outcomes", std::move(outcomes)},
            {"bytes_out", step.bytes_out}, {"bytes_in", step.bytes_in}};
}

Json Summary(const StepFigures& step) {
    Json json;
    if (!step.name.empty()) json["name"] = ValidUtf8(step.name);
    json.update(Counts(step));
    json["error_rate"] = step.ErrorRate();
    json["lost"] = step.Lost();
    json["rates"] = {
        {"sent", step.SentRate()}, {"answered", step.AnsweredRate()}, {"good", step.GoodRate()}};
    json["blocked_share"] = step.BlockedShare();
    json["latency"] = Percentiles(step.latency);
    json["latency"]["buckets"] = Buckets(step.latency);
    json["good_latency"] = Percentiles(step.good_latency);
    json["service_time"] = Percentiles(step.service_time);
    json["blocked"] = Percentiles(step.blocked);
    return json;
}

Json Summary(const Result& result) {
    const Figures figures = Measure(result);
    Json steps = Json::array();
    for (const StepFigures& step : figures.steps) steps.push_back(Summary(step));
    return {{"seconds", figures.seconds},
            {"all", Summary(figures.all)},
            {"steps", std::move(steps)},
            {"slip", Percentiles(figures.slip)},
            {"generator_cpu", figures.cpu_cores},
            {"most_in_flight", figures.most_in_flight},
            {"most_waiting", figures.most_waiting},
            {"connects", figures.connects}};
}

Json Load(const LoadProfile& load) {
    Json stages = Json::array();
    for (const Stage& stage : load.stages) {
        stages.push_back(
            {{"from", stage.from}, {"to", stage.to}, {"seconds", Seconds(stage.length)}});
    }
    return {{"mode", Name(load.mode)},
            {"stages", std::move(stages)},
            {"users", load.users},
            {"connections", load.connections},
            {"warm_up", Seconds(load.warm_up)},
            {"find_limit",
             {{"lowest", load.find_limit.lowest},
              {"highest", load.find_limit.highest},
              {"precision", load.find_limit.precision},
              {"probe", Seconds(load.find_limit.probe)}}}};
}

Json Thresholds(const Result& result) {
    Json json = Json::array();
    for (const auto& [threshold, measured, no_data, passed] : result.thresholds) {
        json.push_back({{"text", ValidUtf8(threshold.text)},
                        {"step", ValidUtf8(threshold.step)},
                        {"figure", ValidUtf8(threshold.figure)},
                        {"compare", Name(threshold.compare)},
                        {"bound", threshold.bound},
                        {"measured", measured},
                        {"no_data", no_data},
                        {"passed", passed}});
    }
    return json;
}

Json Ops(const Result& result) {
    Json json = Json::array();
    for (const OpsSample& sample : result.ops) {
        json.push_back({{"second", sample.second},
                        {"pending_requests", sample.pending_requests},
                        {"pending_bytes", sample.pending_bytes},
                        {"resident_bytes", sample.resident_bytes},
                        {"workers", sample.workers},
                        {"cpu_seconds", sample.cpu_seconds}});
    }
    return json;
}

Json Texts(const std::vector<std::string>& texts) {
    Json json = Json::array();
    for (const std::string& text : texts) json.push_back(ValidUtf8(text));
    return json;
}

/// All but the intervals.
Json Head(const Result& result) {
    Json marks = Json::array();
    for (const Mark& mark : result.marks) {
        marks.push_back(
            {{"second", mark.second}, {"label", ValidUtf8(mark.label)}, {"failed", mark.failed}});
    }
    Json probes = Json::array();
    for (const ProbeResult& probe : result.probes) {
        probes.push_back(
            {{"rate", probe.rate}, {"passed", probe.passed}, {"why", ValidUtf8(probe.why)}});
    }
    const bool passed = std::all_of(result.thresholds.begin(), result.thresholds.end(),
                                    [](const ThresholdResult& each) { return each.passed; });
    return {{"format", kResultFormat},
            {"format_version", kResultVersion},
            {"flow", ValidUtf8(result.flow)},
            {"run", ValidUtf8(result.run)},
            // Every bit of it counts, and many readers of JSON know 53.
            {"seed", std::to_string(result.seed)},
            {"target", ValidUtf8(result.target)},
            {"version", ValidUtf8(result.version)},
            {"machine", ValidUtf8(result.machine)},
            {"started", FormatTime(result.started)},
            {"interrupted", result.interrupted},
            {"processes", result.processes},
            {"load", Load(result.load)},
            {"steps", Texts(result.steps)},
            {"passed", passed},
            {"thresholds", Thresholds(result)},
            {"generator_was_bottleneck", result.generator_was_bottleneck},
            {"warnings", Texts(result.warnings)},
            {"summary", Summary(result)},
            {"limit", result.limit ? Json(*result.limit) : Json()},
            {"probes", std::move(probes)},
            {"marks", std::move(marks)},
            {"ops", Ops(result)}};
}

Json StepSecond(const StepInterval& step) {
    Json json = Counts(step);
    json["latency"] = {{"p50", Seconds(step.latency.At(0.5))},
                       {"p90", Seconds(step.latency.At(0.9))},
                       {"p99", Seconds(step.latency.At(0.99))},
                       {"p99.9", Seconds(step.latency.At(0.999))},
                       {"max", Seconds(step.latency.max())}};
    json["histograms"] = {{"latency", Packed(step.latency)}};
    // Mostly nothing fails, and the file is half as long without its copy.
    if (!(step.good_latency == step.latency)) {
        json["histograms"]["good_latency"] = Packed(step.good_latency);
    }
    json["histograms"]["service_time"] = Packed(step.service_time);
    json["histograms"]["blocked"] = Packed(step.blocked);
    return json;
}

Json Second(const Interval& interval) {
    Json steps = Json::array();
    for (const StepInterval& step : interval.steps) steps.push_back(StepSecond(step));
    return {{"second", interval.second},     {"in_flight", interval.in_flight},
            {"waiting", interval.waiting},   {"connections", interval.connections},
            {"connects", interval.connects}, {"cpu", Seconds(interval.cpu)},
            {"slip", Packed(interval.slip)}, {"notes", Texts(interval.notes)},
            {"steps", std::move(steps)}};
}

}  // namespace

void WriteJson(const Result& result, std::ostream& out) {
    // A line for each member and for each second: readable, and never all of it in memory.
    out << "{\n";
    const Json head = Head(result);
    for (const auto& [key, value] : head.items()) {
        out << "  " << Json(key).dump() << ": " << value.dump() << ",\n";
    }
    out << "  \"intervals\": [";
    const char* separator = "\n";
    for (const Interval& interval : result.intervals) {
        out << separator << "    " << Second(interval).dump();
        separator = ",\n";
    }
    out << "\n  ]\n}\n";
}

}  // namespace holdfast::load
