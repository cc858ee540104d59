#include "gateway/config/reader.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "gateway/config/messages.h"

namespace holdfast::gateway::config {
namespace {

constexpr std::size_t kMaxRoutes = 1000;
constexpr std::string_view kRoutes = "routes";

/// A section's keys stand in it, not beside it under their whole path.
bool HasDot(std::string_view name) {
    return name.find('.') != std::string_view::npos;
}

template <class Owner>
const Key<Owner>* Find(std::span<const Key<Owner>> keys, std::string_view path) {
    const auto found = std::ranges::find(keys, path, &KeyInfo::path);
    return found == keys.end() ? nullptr : &*found;
}

std::string_view KindName(YamlNode::Kind kind) {
    switch (kind) {
        case YamlNode::Kind::kNull:
            return "nothing";
        case YamlNode::Kind::kScalar:
            return "a single value";
        case YamlNode::Kind::kList:
            return "a list";
        case YamlNode::Kind::kMap:
            return "a map";
    }
    return "";
}

std::string Given(const YamlNode& node) {
    return node.kind == YamlNode::Kind::kScalar ? Quoted(node.text)
                                                : std::string(KindName(node.kind));
}

}  // namespace

Reader::Reader(std::string file) {
    loaded_.file = std::move(file);
}

void Reader::Report(Position position, std::string message) {
    problems_.push_back({loaded_.file, position.line, position.column, std::move(message)});
}

void Reader::Refuse(const std::string& path, Position position, std::string message) {
    broken_.insert(path);
    Report(position, std::move(message));
}

void Reader::FromFile(const std::string& path, Position position) {
    loaded_.origins[path] = {Origin::Kind::kFile, loaded_.file, position.line, position.column};
}

void Reader::ReadTree(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::kNull) return;
    if (root.kind != YamlNode::Kind::kMap) {
        Report(root.position,
               "a configuration is a map of sections such as 'listen:', not " + Given(root));
        return;
    }
    const auto names = KeyNames(root, "");
    for (std::size_t i = 0; i < names.size() && !Full(); ++i) {
        if (names[i].empty()) continue;
        if (names[i] == kRoutes) {
            ReadRoutes(root.items[i]);
        } else if (IsSection(names[i]) && !HasDot(names[i])) {
            ReadSection(names[i], root.items[i]);
        } else {
            Report(root.keys[i].position, UnknownKeyMessage(names[i]));
        }
    }
}

std::vector<std::string> Reader::KeyNames(const YamlNode& map, const std::string& prefix) {
    std::vector<std::string> names;
    std::map<std::string, Position> seen;
    for (const YamlNode& key : map.keys) {
        names.emplace_back();
        if (Full()) continue;
        if (key.kind != YamlNode::Kind::kScalar || key.text.empty()) {
            Report(key.position, "a key must be a name, not " + Given(key));
            continue;
        }
        const auto [first, is_new] = seen.emplace(key.text, key.position);
        if (is_new) {
            names.back() = key.text;
            continue;
        }
        const std::string path = prefix + key.text;
        Refuse(path, key.position,
               Quoted(path) + " is given twice; the first is at line " +
                   std::to_string(first->second.line) + ": keep one of them");
    }
    return names;
}

void Reader::ReadSection(std::string_view section, const YamlNode& node) {
    const std::string prefix = std::string(section) + ".";
    // A section whose keys are all commented out.
    if (node.kind == YamlNode::Kind::kNull) return;
    if (node.kind != YamlNode::Kind::kMap) {
        Report(node.position, Quoted(section) + " must be a map of keys (" + KnownLeaves(section) +
                                  "), not " + Given(node));
        for (const auto& key : ConfigKeys()) {
            if (key.path.starts_with(prefix)) broken_.emplace(key.path);
        }
        return;
    }
    const auto names = KeyNames(node, prefix);
    for (std::size_t i = 0; i < names.size() && !Full(); ++i) {
        if (names[i].empty()) continue;
        const std::string path = prefix + names[i];
        const auto* key = Find(ConfigKeys(), path);
        if (IsSection(path) && !HasDot(names[i])) {
            ReadSection(path, node.items[i]);
        } else if (key == nullptr || HasDot(names[i])) {
            Report(node.keys[i].position, UnknownKeyMessage(path));
        } else if (auto value = ReadValue(*key, path, node.items[i])) {
            if (key->check == &CheckPath) ResolvePath(*value);
            key->set(loaded_.config, *value);
            FromFile(path, node.items[i].position);
        }
    }
}

/// A file's own paths are relative to its folder.
void Reader::ResolvePath(Value& value) const {
    auto& path = std::get<std::string>(value);
    if (!path.empty()) path = std::filesystem::path(loaded_.file).parent_path() / path;
}

void Reader::ReadRoutes(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kList) {
        Refuse(std::string(kRoutes), node.position,
               "'routes' must be a list of routes, each with path, methods and service, not " +
                   Given(node));
        return;
    }
    if (node.items.size() > kMaxRoutes) {
        Refuse(std::string(kRoutes), node.position,
               "'routes' has " + std::to_string(node.items.size()) + " routes; at most " +
                   std::to_string(kMaxRoutes) + " are served");
        return;
    }
    loaded_.config.routes.clear();
    FromFile(std::string(kRoutes), node.position);
    for (std::size_t i = 0; i < node.items.size() && !Full(); ++i) {
        ReadRoute(node.items[i], "routes[" + std::to_string(i) + "]");
    }
}

void Reader::ReadRoute(const YamlNode& node, const std::string& name) {
    loaded_.config.routes.emplace_back();
    if (node.kind != YamlNode::Kind::kMap) {
        for (const auto& key : RouteKeys()) broken_.insert(name + "." + std::string(key.path));
        Report(node.position,
               Quoted(name) + " must be a map with path, methods and service, not " + Given(node));
        return;
    }
    const std::string prefix = name + ".";
    FromFile(name, node.position);
    const auto names = KeyNames(node, prefix);
    for (std::size_t i = 0; i < names.size() && !Full(); ++i) {
        if (names[i].empty()) continue;
        const std::string path = prefix + names[i];
        const auto* key = Find(RouteKeys(), names[i]);
        if (key == nullptr) {
            Report(node.keys[i].position, UnknownRouteKeyMessage(name, names[i]));
        } else if (const auto value = ReadValue(*key, path, node.items[i])) {
            key->set(loaded_.config.routes.back(), *value);
            FromFile(path, node.items[i].position);
        }
    }
    for (const auto& key : RouteKeys()) {
        if (!key.required || std::ranges::find(names, key.path) != names.end()) continue;
        const std::string path = prefix + std::string(key.path);
        Refuse(path, node.position,
               Quoted(name) + " has no '" + std::string(key.path) + "'; it must be " +
                   Expectation(key));
    }
}

std::optional<Value> Reader::ReadValue(const KeyInfo& key, const std::string& path,
                                       const YamlNode& node) {
    if (node.kind == YamlNode::Kind::kNull) {
        Refuse(path, node.position,
               Quoted(path) + " has no value; it must be " + Expectation(key) +
                   (key.required ? "" : ", or left out for its default"));
        return std::nullopt;
    }
    if (key.type == Type::kList) return ReadList(key, path, node);
    if (key.type == Type::kSources) return ReadSources(key, path, node);
    if (node.kind != YamlNode::Kind::kScalar) {
        Refuse(path, node.position, Complaint(key, path, Given(node), ""));
        return std::nullopt;
    }
    auto parsed = ParseScalar(key, node.text);
    if (!parsed.value) {
        Refuse(path, node.position, ScalarComplaint(key, path, node.text, parsed.reason));
    }
    return std::move(parsed.value);
}

std::optional<Value> Reader::ReadList(const KeyInfo& key, const std::string& path,
                                      const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kList) {
        const std::string hint = node.kind == YamlNode::Kind::kScalar
                                     ? "for one item write [" + node.text.substr(0, 60) + "]"
                                     : "";
        Refuse(path, node.position, Complaint(key, path, Given(node), hint));
        return std::nullopt;
    }
    std::vector<std::string> items;
    for (const YamlNode& item : node.items) {
        if (item.kind != YamlNode::Kind::kScalar) {
            Refuse(path, item.position,
                   Complaint(key, path, "one with " + Given(item) + " in it", ""));
            return std::nullopt;
        }
        items.push_back(item.text);
    }
    auto parsed = ParseList(key, items);
    if (!parsed.value) Refuse(path, node.position, Complaint(key, path, "this", parsed.reason));
    return std::move(parsed.value);
}

std::optional<Value> Reader::ReadSources(const KeyInfo& key, const std::string& path,
                                         const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap || node.items.size() > key.max) {
        Refuse(path, node.position,
               Complaint(key, path, Given(node), "at most " + std::to_string(key.max) + " fields"));
        return std::nullopt;
    }
    std::vector<AddedField> fields;
    bool good = true;
    const auto names = KeyNames(node, path + ".");
    for (std::size_t i = 0; i < names.size() && !Full(); ++i) {
        const std::string field_path = path + "." + names[i];
        const auto name_rule = CheckFieldName(names[i]);
        const YamlNode& item = node.items[i];
        if (names[i].empty()) {
            good = false;  // KeyNames() has reported it.
        } else if (name_rule) {
            Refuse(path, node.keys[i].position, Quoted(names[i]) + " is not " + *name_rule);
            good = false;
        } else if (auto parsed = item.kind == YamlNode::Kind::kScalar ? ParseSource(item.text)
                                                                      : Parsed<Source>{};
                   parsed.value) {
            fields.push_back({names[i], std::move(*parsed.value)});
        } else {
            Refuse(path, item.position, SourceComplaint(field_path, Given(item), parsed.reason));
            good = false;
        }
    }
    if (!good) broken_.insert(path);
    return good ? std::optional<Value>(std::move(fields)) : std::nullopt;
}

void Reader::Derive() {
    // The built-in default belongs to the built-in routes; a file's routes bring their own
    // services.
    constexpr std::string_view kRequired = "ready.required_services";
    if (loaded_.origins.contains(kRequired) || !loaded_.origins.contains(kRoutes)) return;
    std::vector<std::string>& required = loaded_.config.ready.required_services;
    required.clear();
    for (const Route& route : loaded_.config.routes) {
        if (route.service.empty() || std::ranges::count(required, route.service) > 0) continue;
        required.push_back(route.service);
    }
    loaded_.origins[std::string(kRequired)] = {Origin::Kind::kDerived, "routes", 0, 0};
}

}  // namespace holdfast::gateway::config
