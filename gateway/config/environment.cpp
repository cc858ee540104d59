#include <unistd.h>

#include <algorithm>
#include <array>

#include "gateway/config/messages.h"
#include "gateway/config/reader.h"

namespace holdfast::gateway::config {
namespace {

constexpr std::string_view kPrefix = "HOLDFAST_";

// Variables that are no keys: the file's name, and what other programs, ./dev, compose files and
// the tests of this repository read. A family is named by how its members begin.
constexpr std::array<std::string_view, 4> kOtherNames{"HOLDFAST_CONFIG", "HOLDFAST_OPS_URL",
                                                      "HOLDFAST_JOBS", "HOLDFAST_SKIP_PACKAGES"};
constexpr std::array<std::string_view, 4> kOtherFamilies{"HOLDFAST_WORKER_", "HOLDFAST_PUBLISH_",
                                                         "HOLDFAST_TEST_", "HOLDFAST_REQUIRE_"};

/// "tcp://10.0.0.7:8080": what Kubernetes puts into variables that are named after services.
bool IsServiceAddress(std::string_view value) {
    return value.starts_with("tcp://") || value.starts_with("udp://") ||
           value.starts_with("sctp://");
}

bool IsServiceLinkName(std::string_view name) {
    const auto has = [&](std::string_view part) {
        return name.find(part) != std::string_view::npos;
    };
    return name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") ||
           has("_SERVICE_PORT_") || (has("_PORT_") && (has("_TCP") || has("_UDP") || has("_SCTP")));
}

}  // namespace

bool IsForeignVariable(std::string_view name, std::string_view value) {
    if (std::ranges::find(kOtherNames, name) != kOtherNames.end()) return true;
    const auto begins = [&](std::string_view family) { return name.starts_with(family); };
    if (std::ranges::any_of(kOtherFamilies, begins)) return true;
    return IsServiceLinkName(name) || (name.ends_with("_PORT") && IsServiceAddress(value));
}

std::vector<std::string> ForeignVariables() {
    std::vector<std::string> names(kOtherNames.begin(), kOtherNames.end());
    for (const std::string_view family : kOtherFamilies) {
        names.push_back(std::string(family) + "...");
    }
    return names;
}

void Reader::ReadEnvironment(const Environment& environment) {
    for (auto it = environment.lower_bound(kPrefix);
         it != environment.end() && it->first.starts_with(kPrefix) && !Full(); ++it) {
        // `${NAME:-}` in a compose file sets an empty text where it means to set nothing.
        if (!it->second.empty()) Override(it->first, it->second);
    }
}

void Reader::Override(const std::string& name, const std::string& text) {
    const std::string place = "$" + name;
    const auto key = std::ranges::find_if(
        ConfigKeys(), [&](const auto& each) { return EnvironmentName(each.path) == name; });
    if (key == ConfigKeys().end()) {
        if (IsForeignVariable(name, text)) return;
        problems_.push_back({place, 0, 0, UnknownVariableMessage(name)});
        return;
    }
    const std::string path(key->path);
    const auto parsed = ParseScalar(*key, text);
    if (!parsed.value) {
        const std::string reason =
            IsServiceAddress(text)
                ? "Kubernetes sets this for a service of that name: enableServiceLinks: false"
                : parsed.reason;
        broken_.insert(path);
        problems_.push_back({place, 0, 0, ScalarComplaint(*key, path, text, reason)});
        return;
    }
    key->set(loaded_.config, *parsed.value);
    loaded_.origins[path] = {Origin::Kind::kEnvironment, name, 0, 0};
}

Environment ProcessEnvironment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (!text.starts_with(kPrefix) || equals == std::string_view::npos) continue;
        environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

}  // namespace holdfast::gateway::config
