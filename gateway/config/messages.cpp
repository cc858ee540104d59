#include "gateway/config/messages.h"

#include <algorithm>

#include "gateway/config/nearest.h"

namespace holdfast::gateway::config {
namespace {

constexpr std::string_view kSourceRule = "uuid7, received_at, body.NAME, path.NAME or header.NAME";

std::string Sentence(std::string_view name, std::string_view rule, std::string_view given,
                     std::string_view reason) {
    std::string text = Quoted(name) + " must be " + std::string(rule);
    if (!given.empty()) text += ", not " + std::string(given);
    if (!reason.empty()) text += " (" + std::string(reason) + ")";
    return text;
}

std::vector<std::string> Sections() {
    std::vector<std::string> sections;
    for (const auto& key : ConfigKeys()) {
        const std::string section(SectionOf(key.path));
        if (section.find('.') != std::string::npos) continue;  // stands in another one
        if (std::ranges::find(sections, section) == sections.end()) sections.push_back(section);
    }
    sections.emplace_back("routes");
    return sections;
}

std::string Joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// The key that is most likely meant. A leaf in another section counts as one more mistake.
std::optional<std::string> NearestKey(std::string_view path) {
    const std::string_view leaf = LeafOf(path);
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (const auto& key : ConfigKeys()) {
        const bool same_section = SectionOf(key.path) == SectionOf(path);
        const std::size_t distance = std::min(
            Distance(key.path, path), Distance(LeafOf(key.path), leaf) + (same_section ? 0U : 1U));
        if (!best || distance < best_distance) {
            best = std::string(key.path);
            best_distance = distance;
        }
    }
    return IsNear(best_distance, leaf.size()) ? best : std::nullopt;
}

std::string DidYouMean(const std::string& nearest) {
    return "did you mean " + Quoted(nearest) + "?";
}

}  // namespace

std::string Complaint(const KeyInfo& key, std::string_view name, std::string_view given,
                      std::string_view reason) {
    if (key.secret) return Sentence(name, Expectation(key), "", "");
    return Sentence(name, Expectation(key), given, reason);
}

std::string ScalarComplaint(const KeyInfo& key, std::string_view name, std::string_view text,
                            std::string_view reason) {
    if (key.secret || key.type != Type::kText || key.check == nullptr) {
        return Complaint(key, name, Quoted(text), reason);
    }
    return Sentence(name, key.check(text).value_or(Expectation(key)), Quoted(text), reason);
}

std::string SourceComplaint(std::string_view name, std::string_view given,
                            std::string_view reason) {
    return Sentence(name, kSourceRule, given, reason);
}

std::string UnknownKeyMessage(const std::string& path) {
    const std::string unknown = "unknown key " + Quoted(path) + "; ";
    if (SectionOf(path).empty()) {
        if (const auto section = Nearest(path, Sections())) return unknown + DidYouMean(*section);
    }
    const auto nearest = NearestKey(path);
    if (nearest == path) {
        return unknown + "write " + Quoted(LeafOf(path)) + " in the section " +
               Quoted(std::string(SectionOf(path)) + ":");
    }
    if (nearest) return unknown + DidYouMean(*nearest);
    if (SectionOf(path).empty()) return unknown + "known are " + Joined(Sections());
    return unknown + "known in " + Quoted(SectionOf(path)) + " are " + KnownLeaves(SectionOf(path));
}

std::string UnknownRouteKeyMessage(const std::string& route, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& key : RouteKeys()) known.emplace_back(key.path);
    const std::string unknown = "unknown key " + Quoted(route + "." + name) + "; ";
    if (const auto nearest = Nearest(name, known)) return unknown + DidYouMean(*nearest);
    return unknown + "a route has " + Joined(known);
}

std::string UnknownVariableMessage(const std::string& name) {
    std::vector<std::string> known{"HOLDFAST_CONFIG"};
    for (const auto& key : ConfigKeys()) known.push_back(EnvironmentName(key.path));
    const std::string unknown = "no key of the configuration has this name; ";
    if (name.starts_with("HOLDFAST_ROUTES")) {
        return unknown +
               "routes are a list and are set in the file only, whose name HOLDFAST_CONFIG can "
               "give";
    }
    if (const auto nearest = Nearest(name, known)) return unknown + DidYouMean(*nearest);
    return unknown +
           "names are HOLDFAST_, section, _, key, in capitals, such as HOLDFAST_LISTEN_PORT";
}

std::string KnownLeaves(std::string_view section) {
    std::vector<std::string> leaves;
    for (const auto& key : ConfigKeys()) {
        const std::string_view of = SectionOf(key.path);
        if (of == section) {
            leaves.emplace_back(LeafOf(key.path));
        } else if (SectionOf(of) == section &&
                   std::ranges::find(leaves, LeafOf(of)) == leaves.end()) {
            leaves.emplace_back(LeafOf(of));
        }
    }
    return Joined(leaves);
}

}  // namespace holdfast::gateway::config
