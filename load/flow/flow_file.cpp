#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "load/flow/flow.h"
#include "load/flow/load_file.h"
#include "load/flow/plan.h"
#include "load/flow/scenario_file.h"
#include "load/flow/yaml.h"

namespace holdfast::load {
namespace {

constexpr std::uintmax_t kMaxFile = 4U << 20;

void ReadVariables(const Yaml& node, Scope& scope, Plan& plan) {
    for (const Yaml::Entry& entry : node.Map("a map of names and values")) {
        scope.CheckNewName(entry);
        Template value =
            CompileTemplate(entry.value, entry.value.Text("a text"), Escape::kNone, scope);
        if (value.Uses(Template::Part::Kind::kMark)) {
            entry.value.Fail("'${mark}' is a request's; use it in a step");
        }
        if (value.IsConstant()) {
            scope.AddConstant(entry.key, std::string(value.Constant()));
        } else {
            plan.variables.push_back({scope.AddVariable(entry.key), std::move(value)});
        }
    }
}

void ReadJourneys(const YamlMap& map, Scope& scope, Plan& plan) {
    const auto given = map.FindAny({"steps", "scenarios"});
    if (given.empty())
        map.node().Fail("the flow has neither 'steps' nor 'scenarios': what is sent?");
    if (given.size() == 2) {
        given[0].Fail("a flow has 'steps' or 'scenarios', not both; 'steps' is one scenario");
    }
    ScenarioReader reader(plan, scope);
    if (given[0].name() == "steps") {
        reader.ReadScenario("", 1, given[0]);
    } else {
        reader.ReadScenarios(given[0]);
    }
}

}  // namespace

Flow ParseFlow(std::string_view yaml, const std::string& file) {
    const Yaml root = Yaml::Parse(yaml, file);
    const YamlMap map(root, "a map with 'steps' or 'scenarios'",
                      {"name", "description", "load", "variables", "feeders", "steps", "scenarios",
                       "thresholds", "trouble"});
    Flow flow;
    const auto name = map.Find("name");
    flow.name = name ? name->Text() : std::filesystem::path(file).stem().string();
    if (const auto description = map.Find("description")) flow.description = description->Text();
    const auto load = map.Find("load");
    flow.load = load ? ParseLoad(*load) : DefaultLoad();

    const auto plan = std::make_shared<Plan>();
    Scope scope;
    if (const auto feeders = map.Find("feeders")) plan->feeders = ParseFeeders(*feeders, file);
    for (const FeederSpec& feeder : plan->feeders) scope.AddFeeder(feeder.name);
    if (const auto variables = map.Find("variables")) ReadVariables(*variables, scope, *plan);
    ReadJourneys(map, scope, *plan);
    plan->slots = scope.slots();
    for (std::size_t i = 0; i < plan->feeders.size(); ++i) {
        FeederSpec& feeder = plan->feeders[i];
        feeder.columns = scope.feeders()[i].columns;
        if (feeder.columns.empty()) {
            feeder.place.Fail("nothing uses the feeder " + Quoted(feeder.name) + "; write ${" +
                              feeder.name + ".COLUMN} in a step, or remove it");
        }
    }
    for (const RequestStep& step : plan->steps) flow.steps.push_back({step.name, step.method});
    if (const auto thresholds = map.Find("thresholds")) {
        flow.thresholds = ParseThresholds(*thresholds, flow.steps);
    }
    if (const auto trouble = map.Find("trouble")) flow.trouble = ParseTrouble(*trouble, file);
    flow.plan = plan;
    return flow;
}

Flow LoadFlow(const std::string& path_or_name) {
    std::vector<std::string_view> names;
    for (const ReadyFlow& ready : ReadyFlows()) {
        names.push_back(ready.name);
        if (ready.name == path_or_name) {
            return ParseFlow(ready.yaml, path_or_name + ".yaml");
        }
    }
    std::error_code error;
    const std::string place = path_or_name + ":1:1: ";
    if (std::filesystem::is_directory(path_or_name, error)) {
        throw FlowError(place + "this is a folder, not a flow file");
    }
    std::ifstream stream(path_or_name, std::ios::binary);
    if (!stream) {
        throw FlowError(place + "cannot be read (" + std::strerror(errno) +
                        "), and is no ready flow; " + Suggestion(path_or_name, names));
    }
    if (const auto size = std::filesystem::file_size(path_or_name, error);
        !error && size > kMaxFile) {
        throw FlowError(place + "the file is larger than 4 MiB; data belongs into a feeder's file");
    }
    return ParseFlow(std::string(std::istreambuf_iterator<char>(stream), {}), path_or_name);
}

}  // namespace holdfast::load
