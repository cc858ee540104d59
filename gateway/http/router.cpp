#include "gateway/http/router.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <stdexcept>

#include "gateway/http/path.h"

namespace holdfast::gateway::http {

struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::unique_ptr<Endpoint> rest;
    std::unique_ptr<Endpoint> here;
};

namespace {

[[noreturn]] void Refuse(const Route& route, const std::string& why) {
    throw std::invalid_argument("route " + route.path + ": " + why);
}

bool Takes(const Route& route, std::string_view method) {
    return std::find(route.methods.begin(), route.methods.end(), method) != route.methods.end();
}

void AppendMethod(std::string& list, std::string_view method) {
    if (!list.empty()) list += ", ";
    list += method;
}

std::string AllowOf(const std::set<std::string>& methods) {
    std::set<std::string> all = methods;
    if (all.contains("GET")) all.insert("HEAD");
    all.insert("OPTIONS");
    std::string list;
    for (const std::string& method : all) AppendMethod(list, method);
    return list;
}

std::string AllowOf(const Endpoint& endpoint) {
    std::set<std::string> methods;
    for (const Endpoint::Entry& entry : endpoint.entries) {
        methods.insert(entry.route->methods.begin(), entry.route->methods.end());
    }
    return AllowOf(methods);
}

/// The next segment of `rest`, which begins with a slash; `rest` moves on behind it.
std::string_view TakeSegment(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string_view segment = rest.substr(1, end - 1);
    rest.remove_prefix(end);
    return segment;
}

std::string Literal(const Route& route, std::string_view segment) {
    std::string normalised;
    if (segment.find_first_of("{}") != std::string_view::npos) {
        Refuse(route, "a parameter is a whole segment");
    }
    if (segment == "." || segment == ".." || NormalisePath(segment, normalised)) {
        Refuse(route, "'" + std::string(segment) + "' is not a valid segment");
    }
    return normalised;
}

}  // namespace

const Endpoint::Entry* Endpoint::Find(std::string_view method) const {
    for (const Entry& entry : entries) {
        if (Takes(*entry.route, method)) return &entry;
    }
    return method == "HEAD" ? Find("GET") : nullptr;
}

Router::Router(std::vector<Route> routes)
    : routes_(std::move(routes)), root_(std::make_unique<Node>()) {
    std::set<std::string> methods;
    for (const Route& route : routes_) {
        Add(route);
        methods.insert(route.methods.begin(), route.methods.end());
    }
    allow_ = AllowOf(methods);
}

Router::~Router() = default;

void Router::Add(const Route& route) {
    if (!route.path.starts_with('/')) Refuse(route, "a path begins with a slash");
    if (route.methods.empty()) Refuse(route, "it takes no method");
    Endpoint::Entry entry{&route, {}};
    Node* node = root_.get();
    std::unique_ptr<Endpoint>* place = nullptr;
    std::string_view rest = route.path;
    while (!rest.empty()) {
        if (place != nullptr) Refuse(route, "nothing may follow {name...}");
        std::string_view segment = TakeSegment(rest);
        if (!segment.starts_with('{') || !segment.ends_with('}')) {
            auto& next = node->literals[Literal(route, segment)];
            if (next == nullptr) next = std::make_unique<Node>();
            node = next.get();
            continue;
        }
        segment = segment.substr(1, segment.size() - 2);
        const bool takes_rest = segment.ends_with("...");
        if (takes_rest) segment.remove_suffix(3);
        const auto& names = entry.parameter_names;
        if (segment.empty() || segment.find_first_of("{}") != std::string_view::npos) {
            Refuse(route, "a parameter needs a name");
        }
        if (std::find(names.begin(), names.end(), segment) != names.end()) {
            Refuse(route, "the parameter '" + std::string(segment) + "' is there twice");
        }
        entry.parameter_names.emplace_back(segment);
        if (takes_rest) {
            place = &node->rest;
        } else {
            if (node->parameter == nullptr) node->parameter = std::make_unique<Node>();
            node = node->parameter.get();
        }
    }
    if (place == nullptr) place = &node->here;
    if (*place == nullptr) *place = std::make_unique<Endpoint>();
    for (const Endpoint::Entry& other : (*place)->entries) {
        for (const std::string& method : route.methods) {
            if (Takes(*other.route, method)) {
                Refuse(route, method + " is already taken by " + other.route->path);
            }
        }
    }
    (*place)->entries.push_back(std::move(entry));
    (*place)->allow = AllowOf(**place);
}

const Endpoint* Router::Match(std::string_view path,
                              std::vector<std::string_view>& parameters) const {
    parameters.clear();
    return Walk(*root_, path, parameters);
}

// The recursion is as deep as the deepest pattern, whatever the path.
const Endpoint* Router::Walk(const Node& node, std::string_view rest,
                             std::vector<std::string_view>& parameters) {
    if (rest.empty()) return node.here.get();
    std::string_view behind = rest;
    const std::string_view segment = TakeSegment(behind);
    if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
        if (const Endpoint* found = Walk(*literal->second, behind, parameters)) return found;
    }
    if (segment.empty() && behind.empty()) return nullptr;
    if (node.parameter != nullptr && !segment.empty()) {
        parameters.push_back(segment);
        if (const Endpoint* found = Walk(*node.parameter, behind, parameters)) return found;
        parameters.pop_back();
    }
    if (node.rest != nullptr) parameters.push_back(rest.substr(1));
    return node.rest.get();
}

bool IsRegisteredMethod(std::string_view method) {
    static constexpr std::array<std::string_view, 8> kMethods = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};
    return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

bool Router::KnowsMethod(std::string_view method) const {
    return std::any_of(routes_.begin(), routes_.end(),
                       [method](const Route& route) { return Takes(route, method); });
}

}  // namespace holdfast::gateway::http
