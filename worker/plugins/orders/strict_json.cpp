#include "worker/plugins/orders/strict_json.h"

#include <set>
#include <utility>
#include <vector>

namespace holdfast::orders {
namespace {

/// Leaves the parser as soon as a rule of ours is broken; caught below.
struct Refusal {
    std::string reason;
};

}  // namespace

JsonResult ParseStrictJson(std::string_view text, int max_depth) {
    using nlohmann::json;
    std::vector<std::set<std::string>> members;  // of the objects that are open, outermost first
    auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
        switch (event) {
            case json::parse_event_t::object_start:
                members.emplace_back();
                [[fallthrough]];
            case json::parse_event_t::array_start:
                if (depth >= max_depth) throw Refusal{"nested too deeply"};
                break;
            case json::parse_event_t::object_end:
                members.pop_back();
                break;
            case json::parse_event_t::key:
                if (!members.back().insert(parsed.get<std::string>()).second) {
                    throw Refusal{"a member appears twice in one object"};
                }
                break;
            default:
                break;
        }
        return true;
    };
    try {
        return {json::parse(text, watch)};
    } catch (const json::parse_error& error) {
        return {std::nullopt, "not valid JSON at byte " + std::to_string(error.byte)};
    } catch (const json::exception&) {
        return {std::nullopt, "not valid JSON: a number is out of range"};
    } catch (Refusal& refusal) {
        return {std::nullopt, std::move(refusal.reason)};
    }
}

}  // namespace holdfast::orders
