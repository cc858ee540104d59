#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "gateway/ops/endpoints.h"
#include "gateway/ops/json_text.h"

namespace holdfast::gateway::ops {
namespace {

using Json = nlohmann::ordered_json;

/// "fresh", "stale" when the bus thread did not answer in time, "none" when it never has.
Json Freshness(const SnapshotView& view) {
    if (view.snapshot == nullptr) return {{"state", "none"}, {"age_ms", nullptr}};
    return {{"state", view.stale ? "stale" : "fresh"},
            {"age_ms", Milliseconds(Clock::now() - view.snapshot->taken)}};
}

/// Null without a supervisor.
Json Describe(const std::optional<WorkerProcess>& process) {
    if (!process) return nullptr;
    Json json = {{"index", process->index},
                 {"generation", process->generation},
                 {"restarts", process->restarts},
                 {"last_crash", nullptr},
                 {"last_crash_ago_ms", nullptr}};
    if (!process->last_crash.empty()) {
        json["last_crash"] = process->last_crash;
        json["last_crash_ago_ms"] = Milliseconds(process->last_crash_age);
    }
    return json;
}

Json Describe(const Snapshot::Worker& worker) {
    return {
        {"instance", worker.instance},
        {"state", worker.state},
        {"services", worker.services},
        {"outstanding", worker.outstanding},
        {"credit", worker.credit},
        {"queued", worker.queued},
        {"running", worker.running},
        {"sent", worker.sent},
        {"replied", worker.replied},
        {"oldest_started_ms", Milliseconds(worker.oldest_started)},
        {"last_heard_ms", Milliseconds(worker.last_heard)},
        {"threads", worker.threads},
        {"version", worker.version},
        {"host", worker.host},
        {"pid", worker.pid},
        {"session", worker.session},
        {"process", Describe(worker.process)},
    };
}

Json Describe(const Snapshot::Service& service) {
    return {{"name", service.name},
            {"workers", service.workers},
            {"queued", service.queued},
            {"queued_bytes", service.queued_bytes},
            {"outstanding", service.outstanding},
            {"concurrency_limit",
             service.concurrency_limit == 0 ? Json(nullptr) : Json(service.concurrency_limit)},
            {"overloaded", service.overloaded}};
}

Json Describe(const Snapshot::Pending& pending) {
    return {
        {"id", ToString(pending.id)},
        {"route", pending.route},
        {"state", pending.state},
        {"worker", pending.worker},
        {"attempt", pending.attempt},
        {"age_ms", Milliseconds(pending.age)},
        {"remaining_ms", Milliseconds(pending.remaining)},
    };
}

Json Use(std::uint64_t used, std::uint64_t limit) {
    constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
    return {{"used", used}, {"limit", limit == kNone ? Json(nullptr) : Json(limit)}};
}

Json Describe(const NamedRoute& route) {
    const RouteBudget& budget = *route.budget;
    return {{"route", route.name},
            {"requests", Use(budget.requests(), budget.limits().requests)},
            {"bytes", Use(budget.bytes(), budget.limits().bytes)}};
}

template <typename Items>
Json List(const Items& items) {
    Json list = Json::array();
    for (const auto& item : items) list.push_back(Describe(item));
    return list;
}

Json Outcomes(const std::vector<const CounterBlock*>& blocks) {
    Json outcomes = Json::object();
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
        const auto outcome = static_cast<Outcome>(i);
        std::uint64_t count = 0;
        for (const CounterBlock* block : blocks) count += block->Get(CounterOf(outcome));
        outcomes[std::string(Name(outcome))] = count;
    }
    return outcomes;
}

}  // namespace

Answer Workers(const Context& context) {
    const SnapshotView view = context.snapshots.Read();
    Json body = {
        {"snapshot", Freshness(view)}, {"workers", Json::array()}, {"services", Json::array()}};
    if (view.snapshot != nullptr) {
        body["workers"] = List(view.snapshot->workers);
        body["services"] = List(view.snapshot->services);
    }
    return {200, kJson, Text(body)};
}

Answer Pending(const Context& context) {
    const SnapshotView view = context.snapshots.Read();
    const InflightBudget& inflight = context.sources.inflight;
    const ReplyBudget& replies = context.sources.replies;
    Json body = {
        {"snapshot", Freshness(view)},
        {"requests", Use(inflight.requests(), inflight.limits().requests)},
        {"bytes", Use(inflight.bytes(), inflight.limits().bytes)},
        {"upload_bytes", Use(inflight.upload_bytes(), inflight.limits().upload_bytes)},
        {"reply_bytes", Use(replies.held(), replies.limit())},
        {"routes", List(context.sources.routes)},
        {"connections", context.sources.connections()},
        {"outcomes", Outcomes(context.sources.counters)},
        {"suspended", view.snapshot == nullptr ? 0 : view.snapshot->pending},
        {"oldest", Json::array()},
    };
    if (view.snapshot != nullptr) body["oldest"] = List(view.snapshot->oldest);
    return {200, kJson, Text(body)};
}

}  // namespace holdfast::gateway::ops
