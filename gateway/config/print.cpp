#include <algorithm>

#include "gateway/config/keys.h"

namespace holdfast::gateway::config {
namespace {

std::string Comment(const LoadedConfig& loaded, const std::string& path) {
    const auto found = loaded.origins.find(path);
    if (found == loaded.origins.end()) return "  # default";
    const Origin& origin = found->second;
    switch (origin.kind) {
        case Origin::Kind::kDefault:
            return "  # default";
        case Origin::Kind::kFile:
            return "  # file, line " + std::to_string(origin.line);
        case Origin::Kind::kEnvironment:
            return "  # env " + origin.name;
        case Origin::Kind::kDerived:
            return "  # from " + origin.name;
    }
    return "";
}

/// A name that cannot break out of a comment.
std::string OneLine(std::string_view text) {
    std::string line;
    for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    return line;
}

/// Two blanks for each section that this stands in. A section below another comes right after it.
std::string Indent(std::string_view path) {
    return std::string(2 * static_cast<std::size_t>(std::ranges::count(path, '.')), ' ');
}

std::string PrintRoute(const LoadedConfig& loaded, std::size_t index) {
    std::string text;
    const std::string prefix = "routes[" + std::to_string(index) + "].";
    for (const auto& key : RouteKeys()) {
        text += text.empty() ? "  - " : "    ";
        text += std::string(key.path) + ": " + Shown(key, key.get(loaded.config.routes[index])) +
                Comment(loaded, prefix + std::string(key.path)) + "\n";
    }
    return text;
}

}  // namespace

std::string Print(const LoadedConfig& loaded) {
    std::string text = "# The effective configuration";
    text += loaded.file.empty() ? ", without a file.\n"
                                : ", with the file " + OneLine(loaded.file) + ".\n";
    std::string_view section;
    for (const auto& key : ConfigKeys()) {
        if (SectionOf(key.path) != section) {
            section = SectionOf(key.path);
            text += Indent(section) + std::string(LeafOf(section)) + ":\n";
        }
        text += Indent(key.path) + std::string(LeafOf(key.path)) + ": " +
                Shown(key, key.get(loaded.config)) + Comment(loaded, std::string(key.path)) + "\n";
    }
    const auto& routes = loaded.config.routes;
    text +=
        std::string("routes:") + (routes.empty() ? " []" : "") + Comment(loaded, "routes") + "\n";
    for (std::size_t i = 0; i < routes.size(); ++i) text += PrintRoute(loaded, i);
    return text;
}

}  // namespace holdfast::gateway::config
