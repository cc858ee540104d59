#pragma once

#include <string>
#include <vector>

#include "load/flow/flow.h"
#include "load/flow/plan.h"
#include "load/flow/yaml.h"

// The sections of a flow file beside its steps. All throw FlowError. Thread: one.
namespace holdfast::load {

/// What a flow without `load:` has: 10 journeys per second for 10 s.
LoadProfile DefaultLoad();
LoadProfile ParseLoad(const Yaml& node);
std::vector<Threshold> ParseThresholds(const Yaml& node, const std::vector<StepName>& steps);
/// Paths start from the flow file's folder.
std::vector<TroubleEvent> ParseTrouble(const Yaml& node, const std::string& flow_file);
std::vector<FeederSpec> ParseFeeders(const Yaml& node, const std::string& flow_file);

/// `path` as it is opened: relative ones start from the folder of `flow_file`.
std::string Beside(const std::string& flow_file, const std::string& path);

}  // namespace holdfast::load
