#include "gateway/http/assembler.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "gateway/core/route.h"
#include "gateway/http/characters.h"
#include "gateway/http/json_members.h"

namespace holdfast::gateway::http {
namespace {

/// The value of one addition, as JSON text.
struct Values {
    std::vector<std::optional<std::string>> json;
};

std::string Quoted(std::string_view text) {
    std::string json;
    AppendJsonString(json, text);
    return json;
}

std::optional<std::string> QuotedIfPresent(const FieldList& fields, std::string_view name) {
    const std::string_view value = fields.Find(name);
    if (value.data() == nullptr) return std::nullopt;
    return Quoted(value);
}

void TakeFromBody(const Request& request, Values& values) {
    const auto& additions = request.route->additions;
    ForEachMember(request.body, [&](const JsonMember& member) {
        for (std::size_t i = 0; i < additions.size(); ++i) {
            if (additions[i].source == Addition::Source::kBody &&
                additions[i].name == member.name) {
                values.json[i].emplace(member.value);
            }
        }
    });
}

}  // namespace

OwnPart MakeOwnPart(const Request& request, WallTime received, Uuid7Generator& ids) {
    const auto& additions = request.route->additions;
    Values values{std::vector<std::optional<std::string>>(additions.size())};
    bool wants_body = false;
    for (std::size_t i = 0; i < additions.size(); ++i) {
        switch (additions[i].source) {
            case Addition::Source::kUuid7:
                values.json[i] = Quoted(ids.Next(received));
                break;
            case Addition::Source::kReceivedAt:
                values.json[i] = Quoted(FormatTime(received));
                break;
            case Addition::Source::kBody:
                wants_body = true;
                break;
            case Addition::Source::kPath:
                values.json[i] = QuotedIfPresent(request.parameters, additions[i].name);
                break;
            case Addition::Source::kHeader:
                values.json[i] = QuotedIfPresent(request.headers, additions[i].name);
                break;
        }
    }
    if (wants_body) TakeFromBody(request, values);
    OwnPart part;
    for (std::size_t i = 0; i < additions.size(); ++i) {
        if (!values.json[i]) continue;
        const std::string& json = *values.json[i];
        part.attributes.Append(additions[i].field,
                               json.front() == '"' ? DecodeJsonString(json) : json);
        if (!part.members.empty()) part.members += ',';
        AppendJsonString(part.members, additions[i].field);
        part.members += ':';
        part.members += json;
    }
    return part;
}

bool IsMergeable(std::uint32_t status, std::string_view content_type) {
    if (status < 200 || status > 299) return false;
    const std::string_view type = Trim(content_type.substr(0, content_type.find(';')));
    constexpr std::string_view kSuffix = "+json";
    return EqualsIgnoringCase(type, "application/json") ||
           (type.size() > kSuffix.size() &&
            EqualsIgnoringCase(type.substr(type.size() - kSuffix.size()), kSuffix));
}

void MergeOwnPart(std::string_view own_members, std::string& reply_body) {
    std::vector<std::string> taken;
    const bool is_object = ForEachMember(
        reply_body, [&](const JsonMember& member) { taken.emplace_back(member.name); });
    if (!is_object) return;
    std::string merged = "{";
    merged.reserve(own_members.size() + reply_body.size() + 2);
    std::string object = "{";
    object += own_members;
    object += '}';
    ForEachMember(object, [&](const JsonMember& member) {
        if (std::find(taken.begin(), taken.end(), member.name) != taken.end()) return;
        if (merged.size() > 1) merged += ',';
        AppendJsonString(merged, member.name);
        merged += ':';
        merged += member.value;
    });
    if (merged.size() > 1 && !taken.empty()) merged += ',';
    const std::string_view behind_brace =
        std::string_view(reply_body).substr(reply_body.find('{') + 1);
    merged += behind_brace;
    reply_body = std::move(merged);
}

}  // namespace holdfast::gateway::http
