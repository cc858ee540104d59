#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/ops/endpoints.h"
#include "gateway/ops/json_text.h"

namespace holdfast::gateway::ops {

Duration LagOf(const NamedWatchdog& named, TimePoint now) {
    return std::max(Duration::zero(), named.watchdog->Lag(now));
}

Answer Healthz(const Context& context) {
    bool healthy = true;
    auto loops = nlohmann::ordered_json::array();
    for (const NamedWatchdog& named : context.sources.watchdogs) {
        const Duration lag = LagOf(named, context.now);
        const bool well = lag <= Watchdog::kAllowedLag;
        healthy = healthy && well;
        loops.push_back({{"name", named.name}, {"lag_ms", Milliseconds(lag)}, {"ok", well}});
    }
    const nlohmann::ordered_json body = {
        {"status", healthy ? "ok" : "stuck"},
        {"instance", context.sources.instance},
        {"version", context.sources.version},
        {"allowed_lag_ms", Milliseconds(Watchdog::kAllowedLag)},
        {"loops", loops},
    };
    return {healthy ? 200 : 503, kJson, Text(body)};
}

std::vector<std::string> NotReadyReasons(const OpsSources& sources) {
    std::vector<std::string> reasons;
    if (sources.draining()) reasons.emplace_back("the gateway is draining");
    for (const std::string& service : sources.required_services) {
        if (!sources.has_worker(service)) {
            reasons.push_back("service " + service + " has no live worker");
        }
    }
    return reasons;
}

Answer Readyz(const Context& context) {
    const std::vector<std::string> reasons = NotReadyReasons(context.sources);
    const nlohmann::ordered_json body = {
        {"status", reasons.empty() ? "ready" : "not ready"},
        {"draining", context.sources.draining()},
        {"reasons", reasons},
        {"required_services", context.sources.required_services},
    };
    return {reasons.empty() ? 200 : 503, kJson, Text(body)};
}

Answer Drain(const Context& context) {
    const bool already = context.sources.draining();
    if (!already) context.sources.start_drain();
    const nlohmann::ordered_json body = {{"status", "draining"}, {"already_draining", already}};
    return {202, kJson, Text(body)};
}

Answer ConfigText(const Context& context) {
    return {200, "application/yaml; charset=utf-8", context.sources.config_text()};
}

}  // namespace holdfast::gateway::ops
