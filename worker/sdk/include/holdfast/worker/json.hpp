#pragma once

/// JSON for plugins, if they like: it needs nlohmann-json (Debian: nlohmann-json3-dev), and nothing
/// else of the SDK includes it.
///
///     JsonResult parsed = ParseStrictJson(request.body());
///     if (!parsed.value) return ProblemReply(parsed.ToProblem());
///     return JsonReply({{"price", 42}});

#include <holdfast/worker/json_text.hpp>
#include <holdfast/worker/responder.hpp>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::worker {

/// RFC 9457.
struct JsonProblem {
    std::uint32_t status = 400;
    std::string type = "about:blank";
    std::string title{};
    std::string detail{};
    std::string field{};  ///< of the request, if one is to blame
};

struct JsonResult {
    std::optional<nlohmann::json> value;
    std::string error{};  ///< why there is no value; never quotes one of the input's

    JsonProblem ToProblem() const {
        return {.status = 400,
                .type = "urn:holdfast:problem:malformed-json",
                .title = "The body is not acceptable JSON",
                .detail = error,
                .field = "body"};
    }
};

namespace detail {

/// Leaves the parser as soon as a rule of ours is broken.
struct JsonRefusal {
    std::string reason;
};

/// Why `text` is no JSON, with the place: a second reading, for errors only.
inline std::string JsonErrorText(std::string_view text, int max_depth) {
    const auto error = FindJsonError(text, max_depth);
    if (!error) return "not valid JSON";
    return "not valid JSON: line " + std::to_string(error->place().line) + ", column " +
           std::to_string(error->place().column) + ": " + error->what();
}

}  // namespace detail

/// RFC 8259 in UTF-8, and stricter where the RFC leaves a choice: no member twice in an object
/// (readers disagree on which one counts), no nesting deeper than `max_depth`.
inline JsonResult ParseStrictJson(std::string_view text, int max_depth = 16) {
    using nlohmann::json;
    std::vector<std::set<std::string>> members;  // of the objects that are open, outermost first
    const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
        switch (event) {
            case json::parse_event_t::object_start:
                members.emplace_back();
                [[fallthrough]];
            case json::parse_event_t::array_start:
                if (depth >= max_depth) throw detail::JsonRefusal{"nested too deeply"};
                break;
            case json::parse_event_t::object_end:
                members.pop_back();
                break;
            case json::parse_event_t::key:
                if (!members.back().insert(parsed.get<std::string>()).second) {
                    throw detail::JsonRefusal{"a member appears twice in one object"};
                }
                break;
            default:
                break;
        }
        return true;
    };
    try {
        return {json::parse(text, watch)};
    } catch (const json::exception&) {
        return {std::nullopt, detail::JsonErrorText(text, max_depth)};
    } catch (detail::JsonRefusal& refusal) {
        return {std::nullopt, std::move(refusal.reason)};
    }
}

/// An answer of JSON. What is no UTF-8 in it is replaced: an answer still leaves.
template <typename Json = nlohmann::json>
Reply JsonReply(const Json& body, std::uint32_t status = 200) {
    return {.status = status,
            .headers = {{"content-type", "application/json"}},
            .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

/// An answer of application/problem+json.
inline Reply ProblemReply(const JsonProblem& problem) {
    nlohmann::ordered_json body{{"type", problem.type},
                                {"title", problem.title},
                                {"status", problem.status},
                                {"detail", problem.detail}};
    if (!problem.field.empty()) body["field"] = problem.field;
    Reply reply = JsonReply(body, problem.status);
    reply.headers = {{"content-type", "application/problem+json"}};
    return reply;
}

}  // namespace holdfast::worker
