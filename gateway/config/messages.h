#pragma once

#include <string>
#include <string_view>

#include "gateway/config/keys.h"

// The sentences that refuse a key or a value, the same for the file and the environment.
// Thread: any; pure functions.
namespace holdfast::gateway::config {

/// "'listen.port' must be a whole number from 0 to 65535, not 'x' (reason)". For a secret `given`
/// is left out.
std::string Complaint(const KeyInfo& key, std::string_view name, std::string_view given,
                      std::string_view reason);

/// The same for a scalar's text, with the rule that this very text breaks.
std::string ScalarComplaint(const KeyInfo& key, std::string_view name, std::string_view text,
                            std::string_view reason);

std::string SourceComplaint(std::string_view name, std::string_view given, std::string_view reason);

/// "unknown key 'listen.prot'; did you mean 'listen.port'?"
std::string UnknownKeyMessage(const std::string& path);
std::string UnknownRouteKeyMessage(const std::string& route, const std::string& name);
std::string UnknownVariableMessage(const std::string& name);

/// "address, port, threads"
std::string KnownLeaves(std::string_view section);

}  // namespace holdfast::gateway::config
