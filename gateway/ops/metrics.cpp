#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>

#include "gateway/ops/endpoints.h"
#include "gateway/ops/process_stats.h"

namespace holdfast::gateway::ops {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr std::string_view kPrefix = "holdfast_";

double Seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// The families of one scrape, in the order in which they are first named.
class Page {
  public:
    void Gauge(std::string_view name, std::string_view help, double value, Labels labels = {}) {
        ClientMetric metric;
        metric.label = std::move(labels);
        metric.gauge.value = value;
        Family(std::string(kPrefix).append(name), help, MetricType::Gauge).metric.push_back(metric);
    }
    void Gauge(std::string_view name, std::string_view help, std::uint64_t value,
               Labels labels = {}) {
        Gauge(name, help, static_cast<double>(value), std::move(labels));
    }
    void Count(std::string_view name, std::string_view help, std::uint64_t value,
               Labels labels = {}) {
        ClientMetric metric;
        metric.label = std::move(labels);
        metric.counter.value = static_cast<double>(value);
        Family(std::string(kPrefix).append(name), help, MetricType::Counter)
            .metric.push_back(metric);
    }
    /// A name that every Prometheus client library uses: without the prefix.
    void Process(std::string_view name, std::string_view help, double value, MetricType type) {
        ClientMetric metric;
        (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
        Family(std::string(name), help, type).metric.push_back(metric);
    }
    void Histogram(std::string_view name, std::string_view help,
                   ClientMetric::Histogram histogram) {
        ClientMetric metric;
        metric.histogram = std::move(histogram);
        Family(std::string(kPrefix).append(name), help, MetricType::Histogram)
            .metric.push_back(metric);
    }
    /// A family that may have no sample now: it keeps its place.
    void Declare(std::string_view name, std::string_view help) {
        Family(std::string(kPrefix).append(name), help, MetricType::Gauge);
    }
    std::string Text() const {
        std::ostringstream out;
        prometheus::TextSerializer().Serialize(out, families_);
        return std::move(out).str();
    }

  private:
    MetricFamily& Family(const std::string& name, std::string_view help, MetricType type) {
        const auto found = std::find_if(families_.begin(), families_.end(),
                                        [&](const MetricFamily& f) { return f.name == name; });
        if (found != families_.end()) return *found;
        MetricFamily family;
        family.name = name;
        family.help = std::string(help);
        family.type = type;
        return families_.emplace_back(std::move(family));
    }

    std::vector<MetricFamily> families_;
};

void AddCounters(Page& page, const std::vector<const CounterBlock*>& blocks) {
    for (std::size_t i = 0; i < kCounterCount; ++i) {
        const auto counter = static_cast<Counter>(i);
        const CounterInfo& info = Describe(counter);
        std::uint64_t sum = 0;
        for (const CounterBlock* block : blocks) sum += block->Get(counter);
        Labels labels;
        if (!info.label.empty()) {
            labels.push_back({std::string(info.label), std::string(info.label_value)});
        }
        page.Count(info.metric, info.help, sum, std::move(labels));
    }
}

void AddLatency(Page& page, const std::vector<const CounterBlock*>& blocks) {
    ClientMetric::Histogram histogram;
    std::uint64_t sum_ns = 0;
    for (const CounterBlock* block : blocks) sum_ns += block->latency().sum_ns();
    histogram.sample_sum = static_cast<double>(sum_ns) / 1e9;
    for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
        for (const CounterBlock* block : blocks) {
            histogram.sample_count += block->latency().bucket(i);
        }
        const bool last = i + 1 == LatencyHistogram::kBuckets;
        histogram.bucket.push_back(
            {histogram.sample_count, last ? std::numeric_limits<double>::infinity()
                                          : Seconds(LatencyHistogram::UpperBound(i))});
    }
    page.Histogram("request_duration_seconds",
                   "From a request's head to its outcome, of requests that were suspended.",
                   std::move(histogram));
}

void AddBudgets(Page& page, const OpsSources& sources) {
    const InflightBudget& inflight = sources.inflight;
    page.Gauge("pending_requests", "Requests that hold a permit.", inflight.requests());
    page.Gauge("pending_requests_limit", "The most that may hold one.", inflight.limits().requests);
    page.Gauge("pending_bytes", "Bytes held for requests.", inflight.bytes());
    page.Gauge("pending_bytes_limit", "The most bytes held for requests.", inflight.limits().bytes);
    page.Gauge("upload_bytes", "Bytes of bodies that are still arriving.", inflight.upload_bytes());
    page.Gauge("upload_bytes_limit", "The most bytes of bodies that are still arriving.",
               inflight.limits().upload_bytes);
    page.Gauge("reply_bytes", "Bytes of replies not yet written to clients.",
               sources.replies.held());
    page.Gauge("reply_bytes_limit", "The most reply bytes held or granted to workers.",
               sources.replies.limit());
    page.Gauge("connections", "Open client connections.", sources.connections());
    if (const auto expires = sources.certificate_expires()) {
        page.Gauge("tls_certificate_expiry_timestamp_seconds",
                   "When the data port's certificate ends, in seconds since the epoch.",
                   static_cast<double>(expires->time_since_epoch().count()));
    }
}

void AddRoutes(Page& page, const std::vector<NamedRoute>& routes) {
    constexpr std::string_view kRequestsHelp =
        "Requests of a route with limits of its own that hold a permit.";
    constexpr std::string_view kBytesHelp = "Bytes held for the requests of such a route.";
    page.Declare("route_pending_requests", kRequestsHelp);
    page.Declare("route_pending_bytes", kBytesHelp);
    for (const NamedRoute& route : routes) {
        const Labels labels = {{"route", route.name}};
        page.Gauge("route_pending_requests", kRequestsHelp, route.budget->requests(), labels);
        page.Gauge("route_pending_bytes", kBytesHelp, route.budget->bytes(), labels);
    }
}

void AddServices(Page& page, SnapshotReader& reader) {
    constexpr std::string_view kWorkersHelp = "Workers that take requests of the service.";
    constexpr std::string_view kQueuedHelp = "Requests that wait for a worker's credit.";
    constexpr std::string_view kBytesHelp =
        "Bytes of the requests that wait for a worker's credit.";
    constexpr std::string_view kOutstandingHelp = "Requests that the service's workers have.";
    constexpr std::string_view kLimitHelp = "The most that they may have, beside their credit.";
    constexpr std::string_view kOverloadedHelp =
        "1 while more requests come than the workers take, and the newest is served first.";
    const SnapshotView view = reader.Read();
    page.Gauge("snapshot_stale",
               "1 when the bus thread did not answer, and what is by service is old or absent.",
               std::uint64_t{view.stale});
    page.Declare("workers", kWorkersHelp);
    page.Declare("queued_requests", kQueuedHelp);
    page.Declare("queued_bytes", kBytesHelp);
    page.Declare("outstanding_requests", kOutstandingHelp);
    page.Declare("concurrency_limit", kLimitHelp);
    page.Declare("overloaded", kOverloadedHelp);
    if (view.snapshot == nullptr) return;
    for (const Snapshot::Service& service : view.snapshot->services) {
        const Labels labels = {{"service", service.name}};
        page.Gauge("workers", kWorkersHelp, std::uint64_t{service.workers}, labels);
        page.Gauge("queued_requests", kQueuedHelp, service.queued, labels);
        page.Gauge("queued_bytes", kBytesHelp, service.queued_bytes, labels);
        page.Gauge("outstanding_requests", kOutstandingHelp, service.outstanding, labels);
        if (service.concurrency_limit != 0) {
            page.Gauge("concurrency_limit", kLimitHelp, std::uint64_t{service.concurrency_limit},
                       labels);
        }
        page.Gauge("overloaded", kOverloadedHelp, std::uint64_t{service.overloaded}, labels);
    }
}

void AddGateway(Page& page, const Context& context) {
    const OpsSources& sources = context.sources;
    for (const NamedWatchdog& named : sources.watchdogs) {
        page.Gauge("watchdog_lag_seconds", "How long ago the loop was last seen.",
                   Seconds(LagOf(named, context.now)), {{"loop", named.name}});
    }
    page.Gauge("ready", "1 when /readyz says ready.",
               std::uint64_t{NotReadyReasons(sources).empty()});
    page.Gauge("draining", "1 from the start of the gateway's drain.",
               std::uint64_t{sources.draining()});
    page.Count("log_lines_dropped_total", "Log lines lost because the log's queue was full.",
               sources.log_lines_dropped());
    page.Count("ops_connections_refused_total", "Connections to this port closed: too many waited.",
               context.connections_refused);
    page.Gauge("build_info", "Always 1.", std::uint64_t{1},
               {{"version", sources.version}, {"gateway", sources.instance}});
}

void AddProcess(Page& page) {
    const ProcessStats stats = ReadProcessStats();
    page.Process("process_resident_memory_bytes", "Resident memory.",
                 static_cast<double>(stats.resident_bytes), MetricType::Gauge);
    page.Process("process_virtual_memory_bytes", "Virtual memory.",
                 static_cast<double>(stats.virtual_bytes), MetricType::Gauge);
    page.Process("process_open_fds", "Open descriptors.",
                 static_cast<double>(stats.open_descriptors), MetricType::Gauge);
    page.Process("process_max_fds", "The most descriptors that may be open.",
                 static_cast<double>(stats.max_descriptors), MetricType::Gauge);
    page.Process("process_threads", "Threads.", static_cast<double>(stats.threads),
                 MetricType::Gauge);
    page.Process("process_cpu_seconds_total", "User and system time of all threads.",
                 stats.cpu_seconds, MetricType::Counter);
}

}  // namespace

Answer Metrics(const Context& context) {
    Page page;
    AddCounters(page, context.sources.counters);
    AddLatency(page, context.sources.counters);
    AddBudgets(page, context.sources);
    AddRoutes(page, context.sources.routes);
    AddServices(page, context.snapshots);
    AddGateway(page, context);
    AddProcess(page);
    return {200, "text/plain; version=0.0.4; charset=utf-8", page.Text()};
}

}  // namespace holdfast::gateway::ops
