#include "gateway/http/request_builder.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

constexpr std::size_t kMaxIdempotencyKey = 255;
constexpr std::size_t kTimeoutDigits = 9;
/// A FieldList's cost beside the bytes of name and value.
constexpr std::size_t kFieldOverhead = 8;

bool ParseTimeout(std::string_view value, std::chrono::milliseconds& into) {
    if (value.empty() || value.size() > kTimeoutDigits) return false;
    if (!std::all_of(value.begin(), value.end(), IsDigit)) return false;
    std::int64_t count = 0;
    std::from_chars(value.data(), value.data() + value.size(), count);
    into = std::chrono::milliseconds(count);
    return count > 0;
}

bool IsIdempotencyKey(std::string_view value) {
    return !value.empty() && value.size() <= kMaxIdempotencyKey &&
           std::all_of(value.begin(), value.end(), IsVisible);
}

bool IsSafe(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

bool EndsHere(Known known) {
    switch (known) {
        case Known::kHost:
        case Known::kContentLength:
        case Known::kTransferEncoding:
        case Known::kConnection:
        case Known::kHopByHop:
        case Known::kExpect:
        case Known::kForwarded:
        case Known::kIdempotencyKey:
        case Known::kRequestTimeout:
            return true;
        case Known::kContentType:
        case Known::kOther:
            return false;
    }
    return false;
}

bool IsNominated(const RequestHead& head, std::string_view name) {
    bool nominated = false;
    for (const HeaderField& field : head.fields) {
        if (field.known != Known::kConnection) continue;
        ForEachListElement(field.value, [&](std::string_view option) {
            nominated = nominated || EqualsIgnoringCase(option, name);
        });
    }
    return nominated;
}

/// Whether every quoted string ends: one that does not would swallow what is appended to it.
bool ClosesItsQuotes(std::string_view value) {
    bool quoted = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '"') quoted = !quoted;
        if (quoted && value[i] == '\\') ++i;
    }
    return !quoted;
}

std::string ForwardedValue(const RequestSource& source) {
    std::string value;
    for (const HeaderField& field : source.head.fields) {
        if (field.known != Known::kForwarded || field.value.empty()) continue;
        if (!ClosesItsQuotes(field.value)) continue;
        value += field.value;
        value += ", ";
    }
    const bool is_v6 = source.client.find(':') != std::string_view::npos;
    value += is_v6 ? "for=\"[" : "for=";
    value += source.client;
    if (is_v6) value += "]\"";
    if (!source.framing.host.empty()) {
        const bool quoted = !IsToken(source.framing.host);
        value += quoted ? ";host=\"" : ";host=";
        value += source.framing.host;
        if (quoted) value += '"';
    }
    value += source.is_tls ? ";proto=https" : ";proto=http";
    return value;
}

void AppendHeaders(const RequestSource& source, FieldList& to) {
    const std::string forwarded = ForwardedValue(source);
    std::array<char, 64> small{};
    std::string large;
    std::size_t bytes = kFieldOverhead + sizeof("forwarded") + forwarded.size();
    const auto passes = [&](const HeaderField& field) {
        return !EndsHere(field.known) &&
               !(source.framing.has_connection_options && IsNominated(source.head, field.name));
    };
    for (const HeaderField& field : source.head.fields) {
        if (passes(field)) bytes += kFieldOverhead + field.name.size() + field.value.size();
    }
    to.Reserve(bytes);
    for (const HeaderField& field : source.head.fields) {
        if (!passes(field)) continue;
        char* lower = small.data();
        if (field.name.size() > small.size()) {
            large.resize(field.name.size());
            lower = large.data();
        }
        std::transform(field.name.begin(), field.name.end(), lower, ToLower);
        to.Append({lower, field.name.size()}, field.value);
    }
    to.Append("forwarded", forwarded);
}

}  // namespace

std::optional<Reject> ReadTerms(const RequestHead& head, const Route& route, RequestTerms& into) {
    into = RequestTerms{.timeout = route.timeout, .idempotency_key = {}};
    bool has_timeout = false;
    for (const HeaderField& field : head.fields) {
        if (field.known == Known::kRequestTimeout) {
            std::chrono::milliseconds wanted{};
            if (has_timeout || !ParseTimeout(field.value, wanted)) return Reject::kTimeoutInvalid;
            has_timeout = true;
            into.timeout = std::min<Duration>(route.timeout, wanted);
        } else if (field.known == Known::kIdempotencyKey) {
            if (!into.idempotency_key.empty() || !IsIdempotencyKey(field.value)) {
                return Reject::kIdempotencyKeyInvalid;
            }
            into.idempotency_key = field.value;
        }
    }
    return std::nullopt;
}

bool TakesMediaType(const RequestHead& head, const Route& route) {
    if (route.content_types.empty()) return true;
    for (const HeaderField& field : head.fields) {
        if (field.known != Known::kContentType) continue;
        const std::string_view type = Trim(field.value.substr(0, field.value.find(';')));
        return std::any_of(
            route.content_types.begin(), route.content_types.end(),
            [type](const std::string& known) { return EqualsIgnoringCase(known, type); });
    }
    return false;
}

Request BuildRequest(const RequestSource& source) {
    const Route& route = *source.entry.route;
    Request request;
    request.route = &route;
    const bool listed = std::find(route.methods.begin(), route.methods.end(), source.head.method) !=
                        route.methods.end();
    // A HEAD that the route does not list is the worker's GET; the session leaves the body out.
    request.method = listed ? source.head.method : std::string_view("GET");
    request.target.reserve(source.path.size() + source.query.size());
    request.target += source.path;
    request.target += source.query;
    for (std::size_t i = 0; i < source.parameters.size(); ++i) {
        request.parameters.Append(source.entry.parameter_names[i], source.parameters[i]);
    }
    AppendHeaders(source, request.headers);
    request.idempotency_key = source.terms.idempotency_key;
    request.idempotent = IsSafe(request.method) || route.idempotent ||
                         (route.idempotency_key && !request.idempotency_key.empty());
    return request;
}

}  // namespace holdfast::gateway::http
