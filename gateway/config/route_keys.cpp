#include "gateway/config/key_builders.h"

namespace holdfast::gateway::config {

using namespace std::chrono_literals;
using builders::Count;
using builders::Duration;
using builders::Flag;
using builders::List;
using builders::Required;
using builders::Row;
using builders::Size;
using builders::Text;

std::span<const Key<Route>> RouteKeys() {
    static const std::vector<Key<Route>> keys = [] {
        auto add = Row<Route, &Route::add>(
            "add", Type::kSources,
            "What the gateway adds: field → source. The fields go to the worker as attributes of "
            "the request, and into a 2xx reply that is a JSON object where the worker's reply "
            "lacks them; the worker's value wins. Sources: `uuid7` (a new UUIDv7), `received_at` "
            "(the time when the request arrived, RFC 3339 in UTC), `body.NAME` (a top-level "
            "member of the JSON request body), `path.NAME` (a parameter of the path), "
            "`header.NAME` (a request header). A value that takes more than 1 KiB as JSON is "
            "answered with 400.");
        add.max = 32;
        return std::vector<Key<Route>>{
            Required(Text<Route, &Route::path>(
                "path", CheckPattern,
                "Path pattern. A segment is literal, or a parameter such as `{id}` that takes "
                "exactly one segment; a last `{rest...}` takes all that remain, at least one. "
                "Where "
                "two patterns match, the first segment in which they differ decides: literal "
                "before `{name}` before `{name...}`.")),
            Required(List<Route, &Route::methods>(
                "methods", CheckMethod, 1, 7,
                "Methods that this route serves: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS. "
                "Others on the same path are answered with 405.")),
            Required(Text<Route, &Route::service>("service", CheckService,
                                                  "The service whose workers answer this route.")),
            Duration<Route, &Route::timeout>(
                "timeout", 1ms, 5min,
                "How long a request may stay suspended, from the end of its body to the worker's "
                "answer; then it is answered with 504. A client can lower it with "
                "`Request-Timeout-Ms`, never raise it."),
            Size<Route, &Route::body_limit>(
                "body_limit", 0, 64 * kMiB,
                "The largest request body. A larger one is answered with 413. `0`: no body."),
            Count<Route, &Route::pending_requests>(
                "pending_requests", 0, kMaxPending,
                "The share of `limits.pending_requests` that this route's requests may have, so "
                "that a flood on it leaves room for the others. Further ones are answered with 503 "
                "at once, not processed. `0`: no share of its own."),
            Size<Route, &Route::pending_bytes>(
                "pending_bytes", 0, 64 * kGiB,
                "The same for `limits.pending_bytes`: heads and bodies of this route's requests. A "
                "further one is refused before its body is read."),
            Flag<Route, &Route::idempotent>(
                "idempotent",
                "Handling the same request twice does no harm, so that it may be sent to another "
                "worker when its first one is lost. Safe methods (GET, HEAD, OPTIONS, "
                "TRACE) count as idempotent by themselves."),
            Flag<Route, &Route::idempotency_key>(
                "idempotency_key",
                "The service honours an `Idempotency-Key` header, so a request that carries one "
                "may be sent to another worker when its first one is lost."),
            Duration<Route, &Route::wait_for_worker>(
                "wait_for_worker", 0ns, 5min,
                "How long a request waits while its service has no live worker at all, before it "
                "is answered with 503. It is measured from the arrival of the head. `0s`: not at "
                "all. At most `timeout`."),
            List<Route, &Route::content_types>(
                "content_types", CheckMediaType, 0, 32,
                "Media types that a request body may have; others are answered with 415. Empty: "
                "any."),
            add,
        };
    }();
    return keys;
}

std::vector<Route> DefaultRoutes() {
    using Kind = Source::Kind;
    Route create{
        .path = "/v1/orders",
        .methods = {"POST"},
        .service = "orders",
        .timeout = 5s,
        .body_limit = 64 * kKiB,
        .idempotent = true,  // the order id is unique: a redispatched order is the same one
        .idempotency_key = true,
        .content_types = {"application/json"},
        .add = {{"orderId", {Kind::kUuid7, ""}},
                {"receivedAt", {Kind::kReceivedAt, ""}},
                {"customer", {Kind::kBody, "customer"}},
                {"currency", {Kind::kBody, "currency"}}}};
    Route read{.path = "/v1/orders/{id}", .methods = {"GET"}, .service = "orders", .timeout = 2s};
    Route echo{.path = "/v1/echo", .methods = {"POST"}, .service = "echo", .timeout = 5s};
    return {std::move(create), std::move(read), std::move(echo)};
}

}  // namespace holdfast::gateway::config
