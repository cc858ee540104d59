#pragma once

#include <string>

#include "load/flow/plan.h"
#include "load/flow/yaml.h"

namespace holdfast::load {

/// Reads steps, pauses and branches, and appends them to a plan as a program.
class ScenarioReader {
  public:
    ScenarioReader(Plan& plan, Scope& scope) : plan_(plan), scope_(scope) {}

    /// The list of `scenarios:`. Throws FlowError.
    void ReadScenarios(const Yaml& node);
    /// One scenario, of the list of its steps. Throws FlowError.
    void ReadScenario(std::string name, double weight, const Yaml& steps);

  private:
    void ReadSteps(const Yaml& node);
    void ReadRequest(const Yaml& node);
    void ReadBranch(const Yaml& node);
    void NameStep(const Yaml& node, RequestStep& step) const;
    std::uint32_t Emit(Op::Kind kind, std::size_t index);

    Plan& plan_;
    Scope& scope_;
};

/// "'weight' must be ..."; 1 when there is none.
double ParseWeight(const YamlMap& map);

}  // namespace holdfast::load
