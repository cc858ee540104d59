#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/bus/bus.h"
#include "gateway/config/config.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/route.h"
#include "gateway/http/options.h"
#include "gateway/log/log.h"
#include "gateway/ops/ops_server.h"

// What the configuration means for each part. Pure functions.
namespace holdfast::gateway::app {

/// The services that routes name, each once, in the order of the configuration.
std::vector<std::string> Services(const config::Config& config);

/// `services` as Services gives them: Route::service_index points there.
std::vector<Route> Routes(const config::Config& config, const std::vector<std::string>& services);

InflightBudget::Limits BudgetLimits(const config::Config& config);
/// `tls` is null for a plain port.
http::ServerOptions DataPortOptions(const config::Config& config,
                                    std::shared_ptr<const http::TlsContext> tls);
BusOptions LegOptions(const config::Config& config, const std::vector<std::string>& services,
                      std::string instance);
OpsOptions OpsPortOptions(const config::Config& config);
log::Options LogOptions(const config::Config& config);

}  // namespace holdfast::gateway::app
