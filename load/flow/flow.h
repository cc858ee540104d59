#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "load/result/profile.h"
#include "load/result/threshold.h"
#include "load/trouble/trouble.h"

namespace holdfast::load {

/// What is wrong with a flow file or with what it names: one line, "FILE:LINE:COLUMN: what, and
/// what would be right".
struct FlowError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A step as results name it.
struct StepName {
    std::string name;  ///< unique in the flow; "METHOD path" when the file gives none
    std::string method;
};

/// What journeys are compiled from; of load/flow alone.
struct Plan;

/// A flow file, checked. Immutable, cheap to copy.
struct Flow {
    std::string name;
    std::string description;
    LoadProfile load;
    std::vector<Threshold> thresholds;
    std::vector<TroubleEvent> trouble;
    std::vector<StepName> steps;  ///< a step's number is its place here
    std::shared_ptr<const Plan> plan;
};

/// `file` names the text in errors and is what relative paths start from. Throws FlowError.
Flow ParseFlow(std::string_view yaml, const std::string& file);
/// A path, or the name of a ready flow. Throws FlowError.
Flow LoadFlow(const std::string& path_or_name);

struct ReadyFlow {
    std::string_view name;
    std::string_view description;
    std::string_view yaml;
};
/// Those that come with the program: load/flows/*.yaml, embedded.
std::vector<ReadyFlow> ReadyFlows();

}  // namespace holdfast::load
