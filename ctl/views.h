#pragma once

#include <nlohmann/json.hpp>
#include <ostream>

namespace holdfast::ctl {

/// Each prints one part of what the ops port says, for people.
void PrintWorkers(std::ostream& out, const nlohmann::ordered_json& workers);
void PrintLimits(std::ostream& out, const nlohmann::ordered_json& pending);
void PrintOldest(std::ostream& out, const nlohmann::ordered_json& pending);
void PrintOutcomes(std::ostream& out, const nlohmann::ordered_json& pending);
/// One line when the answer is from before it was asked for; else nothing.
void PrintStaleness(std::ostream& out, const nlohmann::ordered_json& answer);

}  // namespace holdfast::ctl
