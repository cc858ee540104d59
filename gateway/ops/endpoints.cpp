#include "gateway/ops/endpoints.h"

#include <array>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/ops/other_site.h"

namespace holdfast::gateway::ops {
namespace {

constexpr std::array kEndpoints = {
    Endpoint{"/healthz", "GET", &Healthz},
    Endpoint{"/readyz", "GET", &Readyz},
    Endpoint{"/metrics", "GET", &Metrics},
    Endpoint{"/v1/workers", "GET", &Workers},
    Endpoint{"/v1/pending", "GET", &Pending},
    Endpoint{"/v1/config", "GET", &ConfigText},
    Endpoint{"/v1/drain", "POST", &Drain},
    Endpoint{"/v1/services/{service}/ping", "GET", &PingService},
    Endpoint{"/v1/services/{service}/describe", "GET", &DescribeService},
};

/// Whether the path is the endpoint's; `service` becomes what stands for {service}.
bool Matches(std::string_view pattern, std::string_view path, std::string_view& service) {
    constexpr std::string_view kService = "{service}";
    const std::size_t at = pattern.find(kService);
    if (at == std::string_view::npos) return pattern == path;
    const std::string_view before = pattern.substr(0, at);
    const std::string_view after = pattern.substr(at + kService.size());
    if (path.size() <= before.size() + after.size()) return false;
    service = path.substr(at, path.size() - before.size() - after.size());
    return path.starts_with(before) && path.ends_with(after) &&
           service.find('/') == std::string_view::npos;
}

Answer Find(const Asked& asked, const Context& context) {
    if (FromAnotherSite(asked)) {
        return Problem(403, "other-origin", "Forbidden",
                       "A page of another site may not use this port. Ask by its address or as "
                       "localhost.");
    }
    for (const Endpoint& endpoint : kEndpoints) {
        std::string_view service;
        if (!Matches(endpoint.path, asked.path, service)) continue;
        const bool reads = endpoint.method == "GET";
        if (asked.method != endpoint.method && !(reads && asked.method == "HEAD")) {
            const std::string_view allow = reads ? "GET, HEAD" : endpoint.method;
            Answer answer =
                Problem(405, "method-not-allowed", "Method not allowed",
                        std::string(endpoint.path) + " takes " + std::string(allow) + ".");
            answer.allow = allow;
            return answer;
        }
        return endpoint.answer({context.sources, context.snapshots, context.connections_refused,
                                context.now, service});
    }
    std::string known;
    for (const Endpoint& endpoint : kEndpoints) {
        known += (known.empty() ? "" : " ") + std::string(endpoint.path);
    }
    return Problem(404, "not-found", "Not found", "The ops port has: " + known + ".");
}

}  // namespace

Answer Problem(int status, std::string_view type, std::string_view title, std::string_view detail) {
    const nlohmann::ordered_json problem = {{"type", "urn:holdfast:problem:" + std::string(type)},
                                            {"title", title},
                                            {"status", status},
                                            {"detail", detail}};
    return {status, kProblemJson,
            problem.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

Answer Route(const Asked& asked, const Context& context) {
    try {
        return Find(asked, context);
    } catch (const std::exception& error) {
        return Problem(500, "ops-failure", "The ops port failed", error.what());
    } catch (...) {
        return Problem(500, "ops-failure", "The ops port failed", "unknown");
    }
}

}  // namespace holdfast::gateway::ops
