#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/ops/answer.h"
#include "gateway/ops/ops_server.h"
#include "gateway/ops/snapshot_reader.h"

namespace holdfast::gateway::ops {

/// Why no requests should be sent here now; empty when ready. Waits for nothing.
std::vector<std::string> NotReadyReasons(const OpsSources& sources);

/// How long ago the loop was last seen; a stamp that is newer than `now` was made just now.
Duration LagOf(const NamedWatchdog& named, TimePoint now);

/// What an endpoint works with.
struct Context {
    const OpsSources& sources;
    SnapshotReader& snapshots;
    std::uint64_t connections_refused = 0;  ///< by this port
    TimePoint now{};
    std::string_view service{};  ///< of the path
};

/// Whether every loop was seen within Watchdog::kAllowedLag. Waits for nothing.
Answer Healthz(const Context& context);
/// Whether requests should be sent here. Waits for nothing.
Answer Readyz(const Context& context);
/// Prometheus text.
Answer Metrics(const Context& context);
Answer Workers(const Context& context);
Answer Pending(const Context& context);
/// Asks the live workers of a service; waits up to InquiryDesk::kPatience and a little more.
Answer PingService(const Context& context);
Answer DescribeService(const Context& context);
Answer ConfigText(const Context& context);
/// Starts the gateway's drain; answers the same however often it is asked.
Answer Drain(const Context& context);

struct Endpoint {
    std::string_view path;    ///< {service} stands for one segment
    std::string_view method;  ///< GET stands for HEAD too
    Answer (*answer)(const Context&);
};

/// The endpoint's answer, or why there is none: 404, 405, or 403 for a page of another site. Never
/// throws: what an endpoint throws becomes 500.
struct Asked {
    std::string_view method;
    std::string_view path;
    std::string_view host;    ///< of the Host header
    std::string_view origin;  ///< of the Origin header; empty without one
    bool on_loopback = true;  ///< the port can be reached from this machine only
};
Answer Route(const Asked& asked, const Context& context);

}  // namespace holdfast::gateway::ops
