#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::worker::testing {

using FieldList = std::vector<std::pair<std::string, std::string>>;

/// One request as a test writes it down: Post("/v1/quote", "{}").WithHeader("accept", "*/*"), or
/// with designated initialisers. What is not said has the value below.
struct RequestSpec {
    std::string service{};  ///< empty: the first that the plugin serves
    std::string route = "/";
    std::string method = "POST";
    std::string target = "/";
    std::string idempotency_key{};
    std::string body{};
    FieldList parameters{};
    FieldList headers{};  ///< names in lower case, as the gateway sends them
    FieldList attributes{};
    std::uint64_t correlation_id = 0x1234;
    std::uint32_t attempt = 1;
    std::chrono::nanoseconds timeout = std::chrono::seconds(5);  ///< on the TestHost's clock

    RequestSpec WithService(std::string name) const { return With(&RequestSpec::service, name); }
    RequestSpec WithRoute(std::string pattern) const { return With(&RequestSpec::route, pattern); }
    RequestSpec WithBody(std::string text) const { return With(&RequestSpec::body, text); }
    RequestSpec WithIdempotencyKey(std::string key) const {
        return With(&RequestSpec::idempotency_key, key);
    }
    RequestSpec WithAttempt(std::uint32_t number) const {
        return With(&RequestSpec::attempt, number);
    }
    RequestSpec WithCorrelationId(std::uint64_t id) const {
        return With(&RequestSpec::correlation_id, id);
    }
    RequestSpec WithTimeout(std::chrono::nanoseconds time) const {
        return With(&RequestSpec::timeout, time);
    }
    RequestSpec WithHeader(std::string name, std::string value) const {
        return Plus(&RequestSpec::headers, std::move(name), std::move(value));
    }
    /// Of the path: {name} in the route.
    RequestSpec WithParameter(std::string name, std::string value) const {
        return Plus(&RequestSpec::parameters, std::move(name), std::move(value));
    }
    /// What the gateway adds, such as orderId.
    RequestSpec WithAttribute(std::string name, std::string value) const {
        return Plus(&RequestSpec::attributes, std::move(name), std::move(value));
    }

  private:
    template <typename Value>
    RequestSpec With(Value RequestSpec::*member, Value value) const {
        RequestSpec changed = *this;
        changed.*member = std::move(value);
        return changed;
    }
    RequestSpec Plus(FieldList RequestSpec::*member, std::string name, std::string value) const {
        RequestSpec changed = *this;
        (changed.*member).emplace_back(std::move(name), std::move(value));
        return changed;
    }
};

inline RequestSpec Get(const std::string& target) {
    return {.route = target, .method = "GET", .target = target};
}
inline RequestSpec Post(const std::string& target, std::string body = {}) {
    return {.route = target, .method = "POST", .target = target, .body = std::move(body)};
}

/// How a request was answered, as the worker would pass it on.
struct Answer {
    /// The client gets 502: the plugin failed it, let an exception out, or broke the reply's rules.
    bool failed = false;
    /// The client gets 503 "not processed, safe to retry".
    bool not_processed = false;
    std::uint32_t status = 0;
    FieldList headers{};
    std::string body{};
    std::string detail{};  ///< for the log: the reason when it failed

    /// The first value of exactly that name, if there is one.
    std::optional<std::string> Header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return std::nullopt;
    }
};

}  // namespace holdfast::worker::testing
