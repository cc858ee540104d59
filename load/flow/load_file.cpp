#include "load/flow/load_file.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::load {
namespace {

constexpr std::string_view kShapes = "rate and duration, constant, ramp, steps, spike or stages";
constexpr std::size_t kMaxStages = 1000;

double Rate(const Yaml& node) {
    return node.As(ParseRate, kRateRule);
}

Duration Length(const Yaml& node) {
    const Duration length = node.Time();
    if (length <= Duration::zero()) node.Refuse("a duration above zero");
    return length;
}

using Stages = std::vector<Stage>;

Stages Constant(const YamlMap& map) {
    const double rate =
        Rate(map.Require("rate", "how many journeys begin per second, such as 500"));
    return {{rate, rate, Length(map.Require("duration", "how long it lasts, such as 60s"))}};
}

Stages Ramp(const YamlMap& map) {
    return {{Rate(map.Require("from", "the first rate")), Rate(map.Require("to", "the last rate")),
             Length(map.Require("duration", "how long it lasts, such as 60s"))}};
}

Stages Steps(const YamlMap& map) {
    const double from = Rate(map.Require("from", "the first rate"));
    const double to = Rate(map.Require("to", "the last rate"));
    const std::uint64_t count =
        map.Require("count", "how many rates, both ends included").Count(2, kMaxStages);
    const Duration each = Length(map.Require("each", "how long each rate lasts, such as 10s"));
    Stages stages;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double rate =
            from + (to - from) * static_cast<double>(i) / static_cast<double>(count - 1);
        stages.push_back({rate, rate, each});
    }
    return stages;
}

Stages Spike(const YamlMap& map) {
    const double base = Rate(map.Require("base", "the rate before and after"));
    const double peak = Rate(map.Require("peak", "the rate of the spike"));
    return {{base, base, Length(map.Require("before", "how long before the spike, such as 20s"))},
            {peak, peak, Length(map.Require("length", "how long the spike lasts, such as 5s"))},
            {base, base, Length(map.Require("after", "how long after the spike, such as 20s"))}};
}

Stages Listed(const Yaml& node) {
    Stages stages;
    for (const Yaml& item : node.List("a list of {rate, duration} or {from, to, duration}")) {
        if (stages.size() == kMaxStages) item.Fail("at most 1000 stages are run");
        const YamlMap map(item, "a map", {"rate", "from", "to", "duration"});
        const bool constant = map.Find("rate").has_value();
        if (constant && !map.FindAny({"from", "to"}).empty()) {
            item.Fail("a stage has a rate, or from and to, not both");
        }
        stages.push_back(constant ? Constant(map)[0] : Ramp(map)[0]);
    }
    if (stages.empty()) node.Refuse("a list of at least one stage");
    return stages;
}

Stages ParseStages(const YamlMap& map) {
    const auto shapes = map.FindAny({"rate", "constant", "ramp", "steps", "spike", "stages"});
    if (shapes.size() > 1) {
        shapes[1].Fail(Quoted(shapes[0].name()) + " and " + Quoted(shapes[1].name()) +
                       " exclude each other; keep one");
    }
    if (shapes.empty()) map.node().Fail("an open load needs " + std::string(kShapes));
    const Yaml& shape = shapes[0];
    if (shape.name() == "rate") return Constant(map);
    if (const auto duration = map.Find("duration")) {
        duration->Fail("'duration' belongs to 'rate'; " + Quoted(shape.name()) + " has its own");
    }
    if (shape.name() == "constant") return Constant(YamlMap(shape, "a map", {"rate", "duration"}));
    if (shape.name() == "ramp") return Ramp(YamlMap(shape, "a map", {"from", "to", "duration"}));
    if (shape.name() == "steps") {
        return Steps(YamlMap(shape, "a map", {"from", "to", "count", "each"}));
    }
    if (shape.name() == "spike") {
        return Spike(YamlMap(shape, "a map", {"base", "peak", "before", "length", "after"}));
    }
    return Listed(shape);
}

/// Keys that say nothing in this mode.
void RefuseKeys(const YamlMap& map, std::string_view mode,
                std::initializer_list<std::string_view> keys) {
    for (const Yaml& found : map.FindAny(keys)) {
        found.Fail(Quoted(found.name()) + " says nothing with mode " + std::string(mode) +
                   "; remove it, or change the mode");
    }
}

void ParseFindLimit(const Yaml& node, LoadProfile& load) {
    const YamlMap map(node, "a map", {"lowest", "highest", "precision", "probe"});
    auto& limit = load.find_limit;
    if (const auto lowest = map.Find("lowest")) limit.lowest = Rate(*lowest);
    if (const auto highest = map.Find("highest")) limit.highest = Rate(*highest);
    if (limit.highest <= limit.lowest) node.Fail("'highest' must be above 'lowest'");
    if (const auto precision = map.Find("precision")) {
        limit.precision = precision->As(ParseShare, kShareRule);
        if (limit.precision < 0.001 || limit.precision > 0.5) {
            precision->Refuse("a share from 0.1% to 50%");
        }
    }
    if (const auto probe = map.Find("probe")) limit.probe = Length(*probe);
}

}  // namespace

LoadProfile DefaultLoad() {
    LoadProfile load;
    load.stages = {{10, 10, std::chrono::seconds(10)}};
    return load;
}

LoadProfile ParseLoad(const Yaml& node) {
    const YamlMap map(node, "a map with mode, rate, duration and so on",
                      {"mode", "rate", "duration", "constant", "ramp", "steps", "spike", "stages",
                       "users", "connections", "warm_up", "find_limit"});
    LoadProfile load;
    const auto mode = map.Find("mode");
    const std::string name = mode ? mode->Text("open, closed or find-limit") : "open";
    if (name == "open") {
        load.stages = ParseStages(map);
        if (load.LastsTooLong()) node.Fail("the load lasts longer than a year");
        RefuseKeys(map, name, {"users", "find_limit"});
    } else if (name == "closed") {
        load.mode = LoadMode::kClosed;
        RefuseKeys(map, name,
                   {"rate", "constant", "ramp", "steps", "spike", "stages", "find_limit"});
        load.stages = {{0, 0, Length(map.Require("duration", "how long it lasts, such as 60s"))}};
        load.users = static_cast<std::uint32_t>(
            map.Require("users", "how many begin the next journey when their last has ended")
                .Count(1, 1'000'000));
    } else if (name == "find-limit") {
        load.mode = LoadMode::kFindLimit;
        RefuseKeys(map, name,
                   {"rate", "duration", "constant", "ramp", "steps", "spike", "stages", "users"});
        if (const auto limit = map.Find("find_limit")) ParseFindLimit(*limit, load);
    } else {
        mode->Refuse("open, closed or find-limit");
    }
    if (const auto connections = map.Find("connections")) {
        load.connections = static_cast<std::uint32_t>(connections->Count(1, 1'000'000));
    }
    if (const auto warm_up = map.Find("warm_up")) {
        load.warm_up = warm_up->Time();
        const Duration whole =
            load.mode == LoadMode::kFindLimit ? load.find_limit.probe : load.Length();
        if (load.warm_up >= whole) warm_up->Refuse("shorter than the load itself");
    }
    return load;
}

std::vector<Threshold> ParseThresholds(const Yaml& node, const std::vector<StepName>& steps) {
    std::vector<Threshold> thresholds;
    for (const Yaml& item : node.List("a list such as [p99<250ms, error_rate<0.1%, lost==0]")) {
        try {
            thresholds.push_back(ParseThreshold(item.Text("a threshold such as p99<250ms")));
        } catch (const std::invalid_argument& error) {
            item.Fail(error.what());
        }
        const std::string& step = thresholds.back().step;
        if (step.empty() || std::ranges::find(steps, step, &StepName::name) != steps.end())
            continue;
        std::vector<std::string_view> names;
        for (const StepName& known : steps) names.push_back(known.name);
        item.Fail("there is no step " + Quoted(step) + "; " + Suggestion(step, names));
    }
    return thresholds;
}

}  // namespace holdfast::load
