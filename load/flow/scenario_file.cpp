#include "load/flow/scenario_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "load/flow/step_file.h"

namespace holdfast::load {
namespace {

constexpr std::string_view kStepsRule = "a list of steps, each with 'request', 'branch' or 'pause'";

void AddFeeders(const Template& text, std::set<std::uint32_t>& feeders) {
    for (const Template::Part& part : text.parts) {
        if (part.kind == Template::Part::Kind::kFeeder) feeders.insert(part.index);
    }
}

void AddFeeders(const RequestStep& step, std::set<std::uint32_t>& feeders) {
    AddFeeders(step.path, feeders);
    for (const auto& [name, value] : step.headers) AddFeeders(value, feeders);
    if (step.idempotency_key) AddFeeders(*step.idempotency_key, feeders);
    if (step.body) AddFeeders(*step.body, feeders);
    for (const Check& check : step.checks) AddFeeders(check.expected, feeders);
}

}  // namespace

double ParseWeight(const YamlMap& map) {
    const auto weight = map.Find("weight");
    if (!weight) return 1;
    const double value = weight->As(ParseNumber, "a number above 0");
    if (value <= 0 || value > 1e9) weight->Refuse("a number above 0");
    return value;
}

std::uint32_t ScenarioReader::Emit(Op::Kind kind, std::size_t index) {
    plan_.ops.push_back({kind, static_cast<std::uint32_t>(index)});
    return static_cast<std::uint32_t>(plan_.ops.size() - 1);
}

void ScenarioReader::ReadScenarios(const Yaml& node) {
    for (const Yaml& item : node.List("a list of scenarios, each with 'steps'")) {
        const YamlMap map(item, "a map with 'steps'", {"name", "weight", "steps"});
        const auto name = map.Find("name");
        ReadScenario(name ? name->Text() : "scenario " + std::to_string(plan_.scenarios.size() + 1),
                     ParseWeight(map),
                     map.Require("steps", "what a journey through this scenario does"));
    }
    if (plan_.scenarios.empty()) node.Refuse("a list of at least one scenario");
}

void ScenarioReader::ReadScenario(std::string name, double weight, const Yaml& steps) {
    const Scope::Names before = scope_.variables();
    const std::size_t first_step = plan_.steps.size();
    Scenario scenario{.name = std::move(name),
                      .begin = static_cast<std::uint32_t>(plan_.ops.size())};
    ReadSteps(steps);
    Emit(Op::Kind::kEnd, 0);
    if (plan_.steps.size() == first_step) steps.Fail("there is no step that sends a request");

    std::set<std::uint32_t> feeders;
    for (const Plan::Variable& variable : plan_.variables) AddFeeders(variable.value, feeders);
    for (std::size_t i = first_step; i < plan_.steps.size(); ++i)
        AddFeeders(plan_.steps[i], feeders);
    scenario.feeders.assign(feeders.begin(), feeders.end());
    plan_.by_weight.Add(weight, static_cast<std::uint32_t>(plan_.scenarios.size()));
    plan_.scenarios.push_back(std::move(scenario));
    scope_.Restore(before);
}

void ScenarioReader::ReadSteps(const Yaml& node) {
    for (const Yaml& item : node.List(kStepsRule)) {
        const std::vector<Yaml::Entry> entries =
            item.Map("a map with 'request', 'branch' or 'pause'");
        const auto has = [&](std::string_view key) {
            return std::ranges::find(entries, key, &Yaml::Entry::key) != entries.end();
        };
        if (has("branch")) {
            ReadBranch(YamlMap(item, "a step", {"branch"}).Require("branch", "its alternatives"));
        } else if (has("pause")) {
            plan_.pauses.push_back(
                ParsePause(YamlMap(item, "a step", {"pause"}).Require("pause", "how long")));
            Emit(Op::Kind::kPause, plan_.pauses.size() - 1);
        } else {
            ReadRequest(item);
        }
    }
}

void ScenarioReader::ReadRequest(const Yaml& node) {
    RequestStep step = ParseRequest(node, scope_, plan_.steps);
    NameStep(node, step);
    plan_.steps.push_back(std::move(step));
    Emit(Op::Kind::kRequest, plan_.steps.size() - 1);
}

void ScenarioReader::NameStep(const Yaml& node, RequestStep& step) const {
    const auto taken = [&](const std::string& name) {
        return std::ranges::find(plan_.steps, name, &RequestStep::name) != plan_.steps.end();
    };
    const YamlMap map(node, "a step", RequestKeys());
    if (const auto name = map.Find("name")) {
        if (step.name.empty()) name->Refuse("not empty");
        if (taken(step.name)) {
            name->Fail("two steps are called " + Quoted(step.name) +
                       "; give each a name of its own");
        }
        return;
    }
    const std::string base = map.Require("request", "").Text().substr(0, 80);
    step.name = base;
    for (int number = 2; taken(step.name); ++number)
        step.name = base + " #" + std::to_string(number);
}

void ScenarioReader::ReadBranch(const Yaml& node) {
    const std::size_t branch = plan_.branches.size();
    plan_.branches.emplace_back();
    Emit(Op::Kind::kBranch, branch);
    std::vector<std::uint32_t> jumps;
    for (const Yaml& item : node.List("a list of alternatives, each with 'weight' and 'steps'")) {
        const YamlMap map(item, "a map with 'steps'", {"weight", "steps"});
        plan_.branches[branch].Add(ParseWeight(map), static_cast<std::uint32_t>(plan_.ops.size()));
        // A way that does nothing is written as [].
        ReadSteps(map.Require("steps", "what is done this way; [] for nothing"));
        jumps.push_back(Emit(Op::Kind::kJump, 0));
    }
    if (jumps.empty()) node.Refuse("a list of at least one alternative");
    for (const std::uint32_t jump : jumps) {
        plan_.ops[jump].index = static_cast<std::uint32_t>(plan_.ops.size());
    }
}

}  // namespace holdfast::load
