#include "tests/component/load_engine/engine_run.h"

#include <numeric>
#include <utility>

namespace holdfast::load {

std::uint64_t Measured::counted(std::size_t number) const {
    const auto& counts = step(number).errors;
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::string Measured::Text(std::size_t number) const {
    std::string text;
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
        const std::uint64_t count = step(number).errors[i];
        if (count == 0) continue;
        if (!text.empty()) text += ", ";
        text += i == 0 ? "good" : std::string(kErrorKindNames[i]);
        text += " " + std::to_string(count);
    }
    return text;
}

EngineOptions OpenLoad(const std::string& url, unsigned count, Duration length,
                       unsigned connections) {
    EngineOptions options;
    options.target.url = url;
    options.load.mode = LoadMode::kOpen;
    const double rate = count / std::chrono::duration<double>(length).count();
    options.load.stages = {{rate, rate, length}};
    options.load.connections = connections;
    options.drain = std::chrono::seconds(20);
    return options;
}

EngineOptions ClosedLoad(const std::string& url, unsigned users, Duration length) {
    EngineOptions options = OpenLoad(url, 1, length, users);
    options.load.mode = LoadMode::kClosed;
    options.load.users = users;
    return options;
}

Measured RunEngine(const Flow& flow, EngineOptions options) {
    Measured measured;
    options.on_interval = [&](const Interval& interval) {
        measured.intervals.push_back(interval);
        if (measured.all.steps.empty()) {
            measured.all = interval;
        } else {
            measured.all.Merge(interval);
        }
    };
    options.start = Clock::now();
    Engine engine(flow, std::move(options));
    engine.Run();
    return measured;
}

Flow OneGet(Duration timeout) {
    Plan::Step step = FakeStep("GET", "/%MARK%");
    step.request.mark = "%MARK%";
    step.request.timeout = timeout;
    return FakeFlow({step});
}

std::string Echo(const Asked& asked) {
    const std::size_t begin = asked.head.find('/') + 1;
    return HttpAnswer(asked.head.substr(begin, asked.head.find(' ', begin) - begin));
}

}  // namespace holdfast::load
