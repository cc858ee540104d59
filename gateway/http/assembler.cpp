#include "gateway/http/assembler.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "gateway/core/added_value.h"
#include "gateway/http/characters.h"
#include "gateway/http/json_members.h"

namespace holdfast::gateway::http {
namespace {

/// A FieldList's cost beside the bytes of name and value.
constexpr std::size_t kFieldOverhead = 8;
/// A member's quotes, colon and comma.
constexpr std::size_t kMemberOverhead = 4;

/// The value of each addition, as JSON text.
struct Values {
    std::vector<std::optional<std::string>> json;
    const Addition* too_large = nullptr;

    void Set(const std::vector<Addition>& additions, std::size_t i, std::string_view text) {
        if (text.size() <= kMaxAddedValue) {
            json[i].emplace(text);
        } else if (too_large == nullptr) {
            too_large = &additions[i];
        }
    }
};

std::string Quoted(std::string_view text) {
    std::string json;
    AppendJsonString(json, text);
    return json;
}

void TakeFromFields(const FieldList& fields, const std::vector<Addition>& additions, std::size_t i,
                    Values& values) {
    const std::string_view value = fields.Find(additions[i].name);
    if (value.data() != nullptr) values.Set(additions, i, Quoted(value));
}

void TakeFromBody(const Request& request, Values& values) {
    const auto& additions = request.route->additions;
    ForEachMember(request.body, [&](const JsonMember& member) {
        for (std::size_t i = 0; i < additions.size(); ++i) {
            if (additions[i].source == Addition::Source::kBody &&
                additions[i].name == member.name) {
                values.Set(additions, i, member.value);
            }
        }
    });
}

}  // namespace

OwnPart MakeOwnPart(const Request& request, WallTime received, Uuid7Generator& ids) {
    const auto& additions = request.route->additions;
    Values values;
    values.json.resize(additions.size());
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
                TakeFromFields(request.parameters, additions, i, values);
                break;
            case Addition::Source::kHeader:
                TakeFromFields(request.headers, additions, i, values);
                break;
        }
    }
    if (wants_body) TakeFromBody(request, values);
    OwnPart part;
    part.too_large = values.too_large;
    if (part.too_large != nullptr) return part;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < additions.size(); ++i) {
        if (values.json[i]) bytes += additions[i].field.size() + values.json[i]->size();
    }
    part.attributes.Reserve(bytes + additions.size() * kFieldOverhead);
    part.members.reserve(bytes + additions.size() * kMemberOverhead);
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
    struct Member {
        std::string name;
        std::string_view value;
        bool taken = false;
    };
    std::vector<Member> own;
    std::string object = "{";
    object += own_members;
    object += '}';
    ForEachMember(object, [&](const JsonMember& member) {
        own.push_back({std::string(member.name), member.value});
    });
    // Of the reply's members nothing is kept: there may be one for every five of its bytes.
    bool any = false;
    const bool is_object = ForEachMember(reply_body, [&](const JsonMember& member) {
        any = true;
        const auto same = std::ranges::find(own, member.name, &Member::name);
        if (same != own.end()) same->taken = true;
    });
    if (!is_object) return;
    std::string merged = "{";
    merged.reserve(own_members.size() + reply_body.size() + 2);
    for (const Member& member : own) {
        if (member.taken) continue;
        if (merged.size() > 1) merged += ',';
        AppendJsonString(merged, member.name);
        merged += ':';
        merged += member.value;
    }
    if (merged.size() > 1 && any) merged += ',';
    const std::string_view behind_brace =
        std::string_view(reply_body).substr(reply_body.find('{') + 1);
    merged += behind_brace;
    reply_body = std::move(merged);
}

}  // namespace holdfast::gateway::http
