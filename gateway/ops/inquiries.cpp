// What the live workers of a service say when they are asked now.
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gateway/ops/endpoints.h"
#include "gateway/ops/json_text.h"

namespace holdfast::gateway::ops {
namespace {

using Json = nlohmann::ordered_json;

/// For the bus thread to notice that something was asked, beyond the workers' own time.
constexpr std::chrono::milliseconds kHandOver{1000};

std::string_view Name(Inquiry::State state) {
    switch (state) {
        case Inquiry::State::kWaiting:
        case Inquiry::State::kNoAnswer:
            return "no answer";
        case Inquiry::State::kAnswered:
            return "answered";
        case Inquiry::State::kLost:
            return "lost";
    }
    return {};
}

Json Members(const auto& pairs) {
    Json members = Json::object();
    for (const auto& [name, value] : pairs) members[name] = value;
    return members;
}

Json Describe(const DescriptionItem& description) {
    return {
        {"plugin", description.plugin},
        {"plugin_version", description.plugin_version},
        {"built_with", description.built_with},
        {"abi", description.abi},
        {"version", description.version},
        {"uptime_ms", Milliseconds(description.uptime)},
        {"threads", description.threads},
        {"settings", Members(description.settings)},
        {"counters", Members(description.counters)},
    };
}

Json Describe(const Inquiry::Answer& answer, Inquiry::Kind kind) {
    const bool answered = answer.state == Inquiry::State::kAnswered;
    Json json = {{"instance", answer.instance},
                 {"host", answer.host},
                 {"pid", answer.pid},
                 {"outcome", Name(answer.state)},
                 {"round_trip_us", nullptr}};
    if (!answered) return json;
    json["round_trip_us"] =
        std::chrono::duration_cast<std::chrono::microseconds>(answer.round_trip).count();
    if (kind == Inquiry::Kind::kDescribe) json["description"] = Describe(answer.description);
    return json;
}

Answer Ask(const Context& context, Inquiry::Kind kind) {
    const WaitingRoom::Place place(context.snapshots.waiting_room());
    if (!place.taken()) {
        return Problem(503, "ops-busy", "Too many questions at once",
                       "Other questions wait for the bus thread: ask again.");
    }
    const std::optional<Inquiry> inquiry = context.sources.inquiries.Ask(
        kind, std::string(context.service), InquiryDesk::kPatience + kHandOver);
    if (!inquiry) {
        return Problem(503, "ops-busy", "No answer from the bus thread",
                       "It has stopped, or too many questions are under way: ask again.");
    }
    if (!inquiry->known) {
        return Problem(404, "no-such-service", "No such service",
                       "No route and no worker names the service " + inquiry->service + ".");
    }
    Json body = {{"service", inquiry->service}, {"workers", Json::array()}};
    for (const Inquiry::Answer& answer : inquiry->answers) {
        body["workers"].push_back(Describe(answer, kind));
    }
    return {200, kJson, Text(body)};
}

}  // namespace

Answer PingService(const Context& context) {
    return Ask(context, Inquiry::Kind::kPing);
}

Answer DescribeService(const Context& context) {
    return Ask(context, Inquiry::Kind::kDescribe);
}

}  // namespace holdfast::gateway::ops
