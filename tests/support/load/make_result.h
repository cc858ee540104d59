#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "load/result/result.h"

namespace holdfast::load {

/// `count` good answers in a step's interval, each after `latency`.
inline void AddGood(StepInterval& step, std::uint64_t count, Duration latency) {
    step.sent += count;
    step.answered += count;
    step.errors[0] += count;
    step.statuses[201] += count;
    step.latency.Record(latency, count);
    step.good_latency.Record(latency, count);
    step.service_time.Record(latency / 2, count);
    step.blocked.Record(latency / 4, count);
}

/// `count` requests that ended with `kind`, the answered ones after `latency`.
inline void AddBad(StepInterval& step, ErrorKind kind, std::uint64_t count, Duration latency) {
    step.sent += count;
    step.errors[static_cast<std::size_t>(kind)] += count;
    if (!IsLost(kind) && kind != ErrorKind::kConnect && kind != ErrorKind::kUnsent) {
        step.answered += count;
    }
    step.latency.Record(latency, count);
}

/// Steps "create" and "read", `seconds` of load of which the first two are the warm-up: in each
/// second 90 good answers after 10 ms and 10 after 100 ms in create, 100 after 2 ms in read.
inline Result MakeResult(std::uint32_t seconds = 10) {
    using std::chrono::milliseconds;
    Result result;
    result.flow = "order-create";
    result.run = "r1";
    result.target = "http://127.0.0.1:8080";
    result.version = "0.1.0";
    result.machine = "Linux 6.1, 2 cores";
    result.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
    result.load.stages = {{200, 200, std::chrono::seconds(seconds)}};
    result.load.warm_up = std::chrono::seconds(2);
    result.steps = {"create", "read"};
    for (std::uint32_t second = 0; second < seconds; ++second) {
        Interval interval;
        interval.second = second;
        interval.steps.resize(2);
        AddGood(interval.steps[0], 90, milliseconds(10));
        AddGood(interval.steps[0], 10, milliseconds(100));
        AddGood(interval.steps[1], 100, milliseconds(2));
        interval.slip.Record(std::chrono::microseconds(30), 200);
        interval.in_flight = 4;
        interval.connections = 64;
        interval.cpu = milliseconds(250);
        result.intervals.push_back(std::move(interval));
    }
    return result;
}

inline Threshold MakeThreshold(std::string figure, Threshold::Compare compare, double bound,
                               std::string step = "") {
    Threshold threshold;
    threshold.text = (step.empty() ? "" : "step." + step + ".") + figure;
    threshold.step = std::move(step);
    threshold.figure = std::move(figure);
    threshold.compare = compare;
    threshold.bound = bound;
    return threshold;
}

}  // namespace holdfast::load
