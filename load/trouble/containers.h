#pragma once

#include <string>
#include <vector>

namespace holdfast::load {

/// The ids of the containers that have the label (key or key=value), and no others, by the docker
/// command. Without `stopped_too` only those that run. Throws TroubleError, also for none.
std::vector<std::string> FindContainers(const std::string& label, bool stopped_too);

/// One that has ended, by a kill for example, is not. Throws TroubleError.
bool IsPaused(const std::string& id);

/// `docker VERB... ID`. Throws TroubleError with what docker said.
void TellContainer(std::vector<std::string> verb, const std::string& id);

}  // namespace holdfast::load
