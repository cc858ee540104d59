#include "load/trouble/containers.h"

#include <chrono>
#include <sstream>

#include "load/trouble/command.h"
#include "load/trouble/process_ref.h"

namespace holdfast::load {
namespace {

/// `docker restart` gives a container ten seconds to end by itself.
constexpr std::chrono::seconds kPatience(30);

std::string Docker(std::vector<std::string> words) {
    words.insert(words.begin(), "docker");
    const CommandResult result = RunCommand(words, kPatience);
    if (result.status == 0) return result.output;
    if (result.status == 127) throw TroubleError("there is no docker command on this machine");
    const std::string line = result.output.substr(0, result.output.find('\n'));
    throw TroubleError("docker " + words[1] + " ended with status " +
                       std::to_string(result.status) + (line.empty() ? "" : ": " + line));
}

bool IsContainerId(const std::string& word) {
    return word.size() >= 12 && word.size() <= 64 &&
           word.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::vector<std::string> FindContainers(const std::string& label, bool stopped_too) {
    std::vector<std::string> words = {"ps", "-q", "--filter", "label=" + label};
    if (stopped_too) words.emplace_back("-a");
    std::istringstream output(Docker(words));
    std::vector<std::string> ids;
    for (std::string word; output >> word;) {
        if (!IsContainerId(word)) throw TroubleError("docker ps said what is no id: " + word);
        ids.push_back(word);
    }
    if (ids.empty()) throw TroubleError("no container has the label " + label);
    return ids;
}

bool IsPaused(const std::string& id) {
    return !Docker({"ps", "-q", "--filter", "status=paused", "--filter", "id=" + id}).empty();
}

void TellContainer(std::vector<std::string> verb, const std::string& id) {
    verb.push_back(id);
    Docker(std::move(verb));
}

}  // namespace holdfast::load
