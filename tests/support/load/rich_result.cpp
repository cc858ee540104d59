#include "tests/support/load/rich_result.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <string>

#include "load/result/evaluate.h"
#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;

/// Uniform in [0, 1), the same on every system, which std's distributions need not be.
class Random {
  public:
    double Next() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(state_ >> 11U) / 9007199254740992.0;
    }
    double Normal() {
        return std::sqrt(-2 * std::log(1 - Next())) * std::cos(2 * std::numbers::pi * Next());
    }

  private:
    std::uint64_t state_ = 42;
};

Duration Milliseconds(double value) {
    return Duration(std::llround(value * 1e6));
}

/// How a second of the run is: rates are per second, durations in milliseconds.
struct Weather {
    double create_median = 4.2;
    double read_median = 1.1;
    double tail = 0.35;  // of the logarithm
    double unavailable = 0;
    double timeouts = 0;
    double disconnected = 0;
};

Weather At(std::uint32_t second) {
    Weather weather;
    if (second == 40) weather = {9, 2, 0.9, 0.03, 0, 0.02};
    if (second > 40 && second < 46) weather = {7, 1.6, 0.7, 0.01, 0, 0};
    if (second >= 75 && second < 80)
        weather = {180 + 120.0 * (second - 75), 30, 0.6, 0.05, 0.02, 0};
    if (second >= 80 && second < 86) weather = {420.0 / (second - 78), 9, 0.7, 0.01, 0, 0};
    return weather;
}

void Fill(StepInterval& step, double rate, double median, const Weather& weather, Random& random) {
    const auto count = static_cast<std::uint64_t>(std::max(0.0, rate + random.Normal() * 4));
    for (std::uint64_t n = 0; n < count; ++n) {
        const double spike = random.Next() < 0.004 ? 4 + 10 * random.Next() : 1;
        const double latency = median * std::exp(random.Normal() * weather.tail) * spike;
        const double chance = random.Next();
        if (chance < weather.timeouts) {
            AddBad(step, ErrorKind::kTimeout, 1, milliseconds(2000));
        } else if (chance < weather.timeouts + weather.disconnected) {
            AddBad(step, ErrorKind::kDisconnected, 1, Milliseconds(latency));
        } else if (chance < weather.timeouts + weather.disconnected + weather.unavailable) {
            AddBad(step, ErrorKind::kStatus, 1, Milliseconds(latency / 3));
            ++step.statuses[503];
            ++step.outcomes["no-worker"];
        } else {
            ++step.sent;
            ++step.answered;
            ++step.errors[0];
            ++step.statuses[201];
            ++step.outcomes["replied"];
            step.latency.Record(Milliseconds(latency));
            step.good_latency.Record(Milliseconds(latency));
            step.service_time.Record(Milliseconds(std::min(latency, median * 2)));
            step.blocked.Record(Milliseconds(std::max(0.0, latency - median * 2)));
        }
    }
    step.bytes_out += count * 310;
    step.bytes_in += count * 540;
}

Interval Second(std::uint32_t second, double rate, const Weather& weather, Random& random) {
    Interval interval;
    interval.second = second;
    interval.steps.resize(3);
    Fill(interval.steps[0], rate, weather.create_median, weather, random);
    Fill(interval.steps[1], rate * 0.7, weather.read_median, weather, random);
    Fill(interval.steps[2], rate * 0.1, weather.create_median * 0.8, weather, random);
    for (int n = 0; n < 100; ++n) {
        interval.slip.Record(Milliseconds(0.03 * std::exp(random.Normal() * 0.6)));
    }
    interval.in_flight = static_cast<std::uint64_t>(rate * weather.create_median / 1000) + 2;
    interval.waiting = weather.create_median > 100 ? interval.in_flight / 3 : 0;
    interval.connections = 64;
    interval.connects = second == 0 ? 64 : weather.disconnected > 0 ? 11 : 0;
    interval.cpu = milliseconds(280 + static_cast<int>(60 * random.Next()));
    if (weather.unavailable > 0) {
        interval.notes = {"step create: status 503, expected 201"};
    }
    return interval;
}

OpsSample Sample(std::uint32_t second, const Weather& weather, Random& random) {
    OpsSample sample;
    sample.second = second + 0.5;
    sample.pending_requests =
        static_cast<std::uint64_t>(weather.create_median * 0.6 + 3 * random.Next());
    sample.pending_bytes = sample.pending_requests * 2300;
    sample.resident_bytes = 21'000'000 + second * 12'000 + sample.pending_bytes * 3;
    sample.workers = second >= 40 && second < 46 ? 1 : 2;
    sample.cpu_seconds = second * 0.31;
    return sample;
}

double RateAt(std::uint32_t second, double full) {
    return second < 20 ? full * (0.2 + 0.04 * second) : full;
}

Result Base() {
    Result result = MakeResult(0);
    result.intervals.clear();
    result.flow = "order-create-then-read";
    result.run = "7f3a";
    result.seed = 18'446'744'073'709'551'557ULL;
    result.machine = "Linux 6.1.0, AMD EPYC 7B13, 2 cores";
    result.steps = {"create", "read", "create again"};
    result.processes = 2;
    result.load.warm_up = std::chrono::seconds(5);
    return result;
}

}  // namespace

Result RichResult() {
    Result result = Base();
    Random random;
    result.load.stages = {{100, 500, std::chrono::seconds(20)},
                          {500, 500, std::chrono::seconds(100)}};
    for (std::uint32_t second = 0; second < 120; ++second) {
        const Weather weather = At(second);
        result.intervals.push_back(Second(second, RateAt(second, 500), weather, random));
        result.ops.push_back(Sample(second, weather, random));
    }
    StepInterval& crossed = result.intervals[40].steps[1];
    AddBad(crossed, ErrorKind::kCrossed, 2, milliseconds(4));
    AddBad(result.intervals[41].steps[0], ErrorKind::kConnect, 6, milliseconds(1));
    result.intervals[40].notes.push_back("step read: the answer is another's: <b>load-7f3a-19</b>");
    result.intervals[41].notes.push_back("</script><script>alert(\"note\")</script> & \xff\xfe");
    result.marks = {
        {40, "kill worker-1", false},
        {46, "restart worker-1", false},
        {75, "stop worker-2", false},
        {80, "continue worker-2", false},
        {100, "restart container </script><img src=x onerror=alert(1)>: no such label", true}};
    Conclude(result, {MakeThreshold("p99", Threshold::Compare::kLess, 0.25),
                      MakeThreshold("error_rate", Threshold::Compare::kLess, 0.01),
                      MakeThreshold("lost", Threshold::Compare::kEqual, 0),
                      MakeThreshold("p95", Threshold::Compare::kLess, 0.08, "create"),
                      MakeThreshold("rate", Threshold::Compare::kGreaterEqual, 700)});
    const char* texts[] = {"p99<250ms", "error_rate<1%", "lost==0", "step.create.p95<80ms",
                           "rate>=700"};
    for (std::size_t n = 0; n < result.thresholds.size(); ++n) {
        result.thresholds[n].threshold.text = texts[n];
    }
    result.warnings.push_back(
        "the trouble at 100 s could not be made: no container has the label "
        "<app=\"worker\">");
    return result;
}

Result ClosedLoopResult() {
    Result result = Base();
    Random random;
    result.load.mode = LoadMode::kClosed;
    result.load.users = 32;
    result.load.stages = {{0, 0, std::chrono::seconds(30)}};
    for (std::uint32_t second = 0; second < 30; ++second) {
        result.intervals.push_back(Second(second, 300, Weather(), random));
    }
    Conclude(result, {});
    return result;
}

Result SearchResult() {
    Result result = Base();
    Random random;
    result.load.mode = LoadMode::kFindLimit;
    result.load.warm_up = {};
    result.load.find_limit.lowest = 100;
    result.load.find_limit.highest = 1600;
    const double rates[] = {400, 800, 600, 700, 750};
    for (std::uint32_t probe = 0; probe < 5; ++probe) {
        Weather weather;
        const bool passes = rates[probe] <= 700;
        if (!passes) weather = {60, 20, 0.9, 0, 0, 0};
        for (std::uint32_t second = 0; second < 10; ++second) {
            result.intervals.push_back(Second(probe * 10 + second, rates[probe], weather, random));
            result.intervals.back().cpu = milliseconds(1900);
        }
        result.marks.push_back(
            {probe * 10.0, std::to_string(std::lround(rates[probe])) + "/s", false});
        result.probes.push_back({rates[probe], passes, passes ? "" : "p99<50ms"});
    }
    result.limit = 700;
    Conclude(result, {});
    return result;
}

Result LongResult() {
    Result result = Base();
    Random random;
    result.load.stages = {{100, 100, std::chrono::hours(1)}};
    for (std::uint32_t second = 0; second < 3600; ++second) {
        Weather weather;
        weather.create_median = 4 + 2 * std::sin(second / 300.0);
        if (second == 2000) weather = {300, 60, 0.5, 0.2, 0, 0};
        result.intervals.push_back(Second(second, 100, weather, random));
        result.intervals.back().Pack();
        result.ops.push_back(Sample(second, weather, random));
    }
    Conclude(result, {});
    return result;
}

}  // namespace holdfast::load
