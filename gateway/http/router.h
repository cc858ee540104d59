#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/route.h"

namespace holdfast::gateway::http {

/// All the routes of one path pattern.
struct Endpoint {
    struct Entry {
        const Route* route = nullptr;
        std::vector<std::string> parameter_names;  ///< in the order of the path
    };
    std::vector<Entry> entries;
    std::string allow;  ///< the Allow header's value

    /// Null where no route takes the method. HEAD finds the route of GET.
    const Entry* Find(std::string_view method) const;
};

/// Finds the route of a normalised path. A pattern's segment is literal text, `{name}` (one segment
/// that is not empty) or, at the end, `{name...}` (all that remains, which is not empty either).
/// Where several patterns match, the first segment in which they differ decides: literal text
/// before
/// `{name}` before `{name...}`.
///
/// Thread: immutable once made; any thread may call Match. Outlives every request.
class Router {
  public:
    /// Throws std::invalid_argument, with the pattern, where one is malformed or two routes take
    /// the same method of the same pattern.
    explicit Router(std::vector<Route> routes);
    ~Router();
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    /// Null where nothing matches. `parameters` gets the values as they stand in the path.
    const Endpoint* Match(std::string_view path, std::vector<std::string_view>& parameters) const;

    /// Whether any route takes this method.
    bool KnowsMethod(std::string_view method) const;

    /// Every method of any route: the Allow of `OPTIONS *`.
    const std::string& allow() const { return allow_; }
    const std::vector<Route>& routes() const { return routes_; }

  private:
    struct Node;
    void Add(const Route& route);
    static const Endpoint* Walk(const Node& node, std::string_view rest,
                                std::vector<std::string_view>& parameters);

    std::vector<Route> routes_;
    std::unique_ptr<Node> root_;
    std::string allow_;
};

/// Whether RFC 9110 or 5789 names it: such a method is not unknown where no route takes it, only
/// not allowed. CONNECT is for tunnels and counts as unknown.
bool IsRegisteredMethod(std::string_view method);

}  // namespace holdfast::gateway::http
