#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "load/report/base64.h"
#include "load/report/format.h"
#include "load/report/json_names.h"
#include "load/report/report.h"

namespace holdfast::load {
namespace {

using Json = nlohmann::json;

/// Where in the file something is not as the schema says, without the file's name.
struct Wrong : std::runtime_error {
    using std::runtime_error::runtime_error;
};

const Json& Member(const Json& json, const char* key) {
    if (!json.is_object()) throw Wrong("an object with \"" + std::string(key) + "\" is missing");
    const auto found = json.find(key);
    if (found == json.end()) throw Wrong("\"" + std::string(key) + "\" is missing");
    return *found;
}

const Json& Array(const Json& json, const char* key) {
    const Json& member = Member(json, key);
    if (!member.is_array()) throw Wrong("\"" + std::string(key) + "\" is not an array");
    return member;
}

const Json& Object(const Json& json, const char* key) {
    const Json& member = Member(json, key);
    if (!member.is_object()) throw Wrong("\"" + std::string(key) + "\" is not an object");
    return member;
}

std::string Text(const Json& json, const char* what) {
    if (!json.is_string()) throw Wrong("\"" + std::string(what) + "\" is not a string");
    return json.get<std::string>();
}

std::string TextAt(const Json& json, const char* key) {
    return Text(Member(json, key), key);
}

bool Bool(const Json& json, const char* key) {
    const Json& member = Member(json, key);
    if (!member.is_boolean()) throw Wrong("\"" + std::string(key) + "\" is not true or false");
    return member.get<bool>();
}

double Number(const Json& json, const char* key) {
    const Json& member = Member(json, key);
    if (!member.is_number()) throw Wrong("\"" + std::string(key) + "\" is not a number");
    return member.get<double>();
}

template <typename T = std::uint64_t>
T ToCount(const Json& json, const std::string& what) {
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > std::numeric_limits<T>::max()) {
        throw Wrong("\"" + what + "\" is not a number from 0 to " +
                    std::to_string(std::numeric_limits<T>::max()));
    }
    return json.get<T>();
}

template <typename T = std::uint64_t>
T Count(const Json& json, const char* key) {
    return ToCount<T>(Member(json, key), key);
}

Duration Length(const Json& json, const char* key) {
    const double seconds = Number(json, key);
    constexpr double kYear = 366.0 * 24 * 3600;
    if (!(seconds >= 0 && seconds <= kYear)) {
        throw Wrong("\"" + std::string(key) + "\" is not a number of seconds up to a year");
    }
    return Duration(std::llround(seconds * 1e9));
}

template <typename Enum, std::size_t kSize>
Enum Choice(const Json& json, const char* key, const std::array<std::string_view, kSize>& names) {
    const std::string text = TextAt(json, key);
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) throw Wrong("\"" + std::string(key) + "\" is none of its words");
    return static_cast<Enum>(found - names.begin());
}

std::vector<std::string> Texts(const Json& json, const char* key) {
    std::vector<std::string> texts;
    for (const Json& text : Array(json, key)) texts.push_back(Text(text, key));
    return texts;
}

Histogram Unpacked(const Json& json, const char* key) {
    std::string bytes;
    Histogram histogram;
    if (FromBase64(TextAt(json, key), bytes)) {
        std::string_view from = bytes;
        if (Histogram::Take(from, histogram) && from.empty()) return histogram;
    }
    throw Wrong("\"" + std::string(key) + "\" is no packed histogram");
}

StepInterval Step(const Json& json) {
    StepInterval step;
    step.sent = Count(json, "sent");
    step.answered = Count(json, "answered");
    step.errors[0] = Count(json, "good");
    for (const auto& [name, count] : Object(json, "errors").items()) {
        const auto found = std::find(kErrorKindNames.begin() + 1, kErrorKindNames.end(), name);
        if (found == kErrorKindNames.end()) throw Wrong("no error is called \"" + name + "\"");
        step.errors[static_cast<std::size_t>(found - kErrorKindNames.begin())] =
            ToCount(count, name);
    }
    for (const auto& [name, count] : Object(json, "statuses").items()) {
        std::uint16_t status = 0;
        const char* end = name.data() + name.size();
        const auto [stopped, error] = std::from_chars(name.data(), end, status);
        if (error != std::errc() || stopped != end) throw Wrong("\"" + name + "\" is no status");
        step.statuses[status] = ToCount(count, name);
    }
    for (const auto& [name, count] : Object(json, "outcomes").items()) {
        step.outcomes[name] = ToCount(count, name);
    }
    step.bytes_out = Count(json, "bytes_out");
    step.bytes_in = Count(json, "bytes_in");
    const Json& histograms = Object(json, "histograms");
    step.latency = Unpacked(histograms, "latency");
    step.good_latency =
        histograms.contains("good_latency") ? Unpacked(histograms, "good_latency") : step.latency;
    step.service_time = Unpacked(histograms, "service_time");
    step.blocked = Unpacked(histograms, "blocked");
    return step;
}

Interval Second(const Json& json) {
    Interval interval;
    interval.second = Count<std::uint32_t>(json, "second");
    interval.in_flight = Count(json, "in_flight");
    interval.waiting = Count(json, "waiting");
    interval.connections = Count(json, "connections");
    interval.connects = Count(json, "connects");
    interval.cpu = Length(json, "cpu");
    interval.slip = Unpacked(json, "slip");
    interval.notes = Texts(json, "notes");
    for (const Json& step : Array(json, "steps")) interval.steps.push_back(Step(step));
    if (interval.second == std::numeric_limits<std::uint32_t>::max()) {
        throw Wrong("\"second\" is too large");
    }
    return interval;
}

LoadProfile Load(const Json& json) {
    LoadProfile load;
    load.mode = Choice<LoadMode>(json, "mode", kLoadModeNames);
    for (const Json& stage : Array(json, "stages")) {
        load.stages.push_back(
            {Number(stage, "from"), Number(stage, "to"), Length(stage, "seconds")});
    }
    if (load.LastsTooLong()) throw Wrong("\"stages\" are longer than a year");
    load.users = Count<std::uint32_t>(json, "users");
    load.connections = Count<std::uint32_t>(json, "connections");
    load.warm_up = Length(json, "warm_up");
    const Json& find_limit = Object(json, "find_limit");
    load.find_limit.lowest = Number(find_limit, "lowest");
    load.find_limit.highest = Number(find_limit, "highest");
    load.find_limit.precision = Number(find_limit, "precision");
    load.find_limit.probe = Length(find_limit, "probe");
    return load;
}

ThresholdResult OneThreshold(const Json& json) {
    ThresholdResult result;
    result.threshold.text = TextAt(json, "text");
    result.threshold.step = TextAt(json, "step");
    result.threshold.figure = TextAt(json, "figure");
    result.threshold.compare = Choice<Threshold::Compare>(json, "compare", kCompareNames);
    result.threshold.bound = Number(json, "bound");
    result.measured = Number(json, "measured");
    result.no_data = Bool(json, "no_data");
    result.passed = Bool(json, "passed");
    return result;
}

OpsSample Sample(const Json& json) {
    OpsSample sample;
    sample.second = Number(json, "second");
    sample.pending_requests = Count(json, "pending_requests");
    sample.pending_bytes = Count(json, "pending_bytes");
    sample.resident_bytes = Count(json, "resident_bytes");
    sample.workers = Count(json, "workers");
    sample.cpu_seconds = Number(json, "cpu_seconds");
    return sample;
}

void ReadIdentity(const Json& json, Result& result) {
    result.flow = TextAt(json, "flow");
    result.run = TextAt(json, "run");
    const std::string seed = TextAt(json, "seed");
    const char* end = seed.data() + seed.size();
    const auto [stopped, error] = std::from_chars(seed.data(), end, result.seed);
    if (error != std::errc() || stopped != end) throw Wrong("\"seed\" is not a number in a string");
    result.target = TextAt(json, "target");
    result.version = TextAt(json, "version");
    result.machine = TextAt(json, "machine");
    if (!ParseTime(TextAt(json, "started"), result.started)) {
        throw Wrong("\"started\" is not a time like 2026-01-31T12:00:00.000000Z");
    }
    result.interrupted = Bool(json, "interrupted");
    result.processes = Count<std::uint32_t>(json, "processes");
}

void CheckFormat(const Json& json) {
    if (!json.is_object() || !json.contains("format") || json["format"] != kResultFormat) {
        throw Wrong("this is no result of holdfast-load (no \"format\": \"holdfast-load-result\")");
    }
    const auto version = Count(json, "format_version");
    if (version != kResultVersion) {
        throw Wrong("its format version is " + std::to_string(version) +
                    ", and this program reads " + std::to_string(kResultVersion));
    }
}

Result Whole(const Json& json) {
    CheckFormat(json);
    Result result;
    ReadIdentity(json, result);
    result.load = Load(Object(json, "load"));
    result.steps = Texts(json, "steps");
    for (const Json& each : Array(json, "thresholds")) {
        result.thresholds.push_back(OneThreshold(each));
    }
    result.generator_was_bottleneck = Bool(json, "generator_was_bottleneck");
    result.warnings = Texts(json, "warnings");
    if (!Member(json, "limit").is_null()) result.limit = Number(json, "limit");
    for (const Json& probe : Array(json, "probes")) {
        result.probes.push_back(
            {Number(probe, "rate"), Bool(probe, "passed"), TextAt(probe, "why")});
    }
    for (const Json& mark : Array(json, "marks")) {
        result.marks.push_back(
            {Number(mark, "second"), TextAt(mark, "label"), Bool(mark, "failed")});
    }
    for (const Json& sample : Array(json, "ops")) result.ops.push_back(Sample(sample));
    for (const Json& second : Array(json, "intervals")) {
        result.intervals.push_back(Second(second));
        const std::size_t count = result.intervals.size();
        if (count > 1 && result.intervals[count - 2].second >= result.intervals[count - 1].second) {
            throw Wrong("the seconds of \"intervals\" do not ascend");
        }
    }
    return result;
}

}  // namespace

Result ParseResult(const std::string& text, const std::string& file) {
    try {
        return Whole(Json::parse(text));
    } catch (const Json::parse_error& error) {
        throw ResultError(file + ": this is no JSON, from byte " + std::to_string(error.byte) +
                          " on");
    } catch (const Wrong& wrong) {
        throw ResultError(file + ": " + wrong.what());
    } catch (const Json::exception& error) {
        throw ResultError(file + ": " + error.what());
    }
}

Result ReadResult(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) {
        throw ResultError(path + ": this file cannot be read");
    }
    return ParseResult(text.str(), path);
}

}  // namespace holdfast::load
