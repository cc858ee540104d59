#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/flow/plan.h"
#include "load/flow/yaml.h"

// The parts of a flow file that describe single steps. All throw FlowError. Thread: one.
namespace holdfast::load {

inline constexpr std::string_view kSelectorRule =
    "a JSON pointer such as /orderId, or 'header NAME'";

Selector ParseSelector(const Yaml& node);
/// "1s", {from: 1s, to: 3s}, or {mean: 1s}, which is exponential.
PauseRule ParsePause(const Yaml& node);

/// The keys of a step that sends a request, in the order in which messages list them.
std::vector<std::string_view> RequestKeys();
/// `earlier` are the steps that `mark: {of: ...}` can name. Variables that the step extracts are
/// known in `scope` from now on.
RequestStep ParseRequest(const Yaml& node, Scope& scope, const std::vector<RequestStep>& earlier);

/// `expect:`.
void ParseExpect(const Yaml& node, Scope& scope, RequestStep& step);

}  // namespace holdfast::load
