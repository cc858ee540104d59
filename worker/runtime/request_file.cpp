#include "worker/runtime/request_file.h"

#include <spdlog/fmt/fmt.h>
#include <holdfast/worker/json_text.hpp>
#include <holdfast/worker/nearest_name.hpp>
#include <holdfast/worker/option.hpp>
#include <holdfast/worker/reply_rules.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "worker/runtime/base64.h"
#include "worker/runtime/request_block.h"
#include "worker/runtime/units.h"

namespace holdfast::worker {
namespace {

using Kind = JsonValue::Kind;
/// Members in the order in which they are written.
using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 64;
constexpr std::array<std::string_view, 12> kMembers = {
    "correlation_id", "attempt",         "service",    "route",   "method",     "target",
    "timeout",        "idempotency_key", "parameters", "headers", "attributes", "body"};

/// Reads one file; every problem is thrown with its place.
class Reader {
  public:
    Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    RequestFile Read() const {
        RequestFile request;
        const JsonValue root = Parse();
        if (root.kind != Kind::kObject) Fail(root.offset, "a request is a JSON object");
        for (const JsonValue::Member& member : root.members) Take(member, request);
        return request;
    }

  private:
    [[noreturn]] void Fail(std::size_t offset, const std::string& problem) const {
        Fail(TextPlace::Of(text_, offset), problem);
    }
    [[noreturn]] void Fail(TextPlace place, const std::string& problem) const {
        throw RequestFileError(
            fmt::format("{}:{}:{}: {}", name_, place.line, place.column, problem));
    }

    JsonValue Parse() const {
        try {
            return ParseJson(text_, kMaxDepth);
        } catch (const JsonError& error) {
            Fail(error.place(), error.what());
        }
    }

    void Take(const JsonValue::Member& member, RequestFile& request) const {
        const std::string& name = member.name;
        const JsonValue& value = member.value;
        if (name == "correlation_id") {
            request.correlation_id = Id(value);
        } else if (name == "attempt") {
            const bool fits = value.kind == Kind::kInteger && value.integer >= 1 &&
                              value.integer <= std::numeric_limits<std::uint32_t>::max();
            if (!fits) Fail(value.offset, "attempt must be an integer from 1");
            request.attempt = static_cast<std::uint32_t>(value.integer);
        } else if (name == "service") {
            request.service = Text(name, value);
        } else if (name == "route") {
            request.route = Text(name, value);
        } else if (name == "method") {
            request.method = Text(name, value);
        } else if (name == "target") {
            request.target = Text(name, value);
        } else if (name == "idempotency_key") {
            request.idempotency_key = Text(name, value);
        } else if (name == "timeout") {
            request.timeout = ParseDuration(Text(name, value));
            if (!request.timeout)
                Fail(value.offset, std::string("timeout must be ") + kDurationRule);
        } else if (name == "parameters") {
            request.parameters = Fields(name, value);
        } else if (name == "headers") {
            request.headers = Headers(value);
        } else if (name == "attributes") {
            request.attributes = Fields(name, value);
        } else if (name == "body") {
            request.body = Body(value);
        } else {
            const auto nearest = NearestName(name, kMembers);
            Fail(member.offset, "a request has no \"" + name + "\"" +
                                    (nearest ? "; did you mean \"" + *nearest + "\"?" : ""));
        }
    }

    std::string Text(const std::string& name, const JsonValue& value) const {
        if (value.kind != Kind::kText) Fail(value.offset, name + " must be a string");
        return value.text;
    }

    std::uint64_t Id(const JsonValue& value) const {
        std::uint64_t id = 0;
        const std::string text = Text("correlation_id", value);
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, id, 16);
        if (error != std::errc() || rest != end || id == 0) {
            Fail(value.offset, "correlation_id must be a string of hexadecimal digits");
        }
        return id;
    }

    /// A string, or {"base64": string} for what is not UTF-8.
    std::string Bytes(const std::string& name, const JsonValue& value) const {
        const JsonValue* const encoded = value.members.size() == 1 ? value.Find("base64") : nullptr;
        if (encoded == nullptr) return Text(name, value);
        auto bytes = DecodeBase64(Text("base64", *encoded));
        if (!bytes) Fail(encoded->offset, "this is not base64 with padding");
        return std::move(*bytes);
    }

    std::string Body(const JsonValue& value) const {
        const JsonValue* const json = value.members.size() == 1 ? value.Find("json") : nullptr;
        if (json == nullptr) return Bytes("body", value);
        return std::string(text_.substr(json->offset, json->end - json->offset));
    }

    RequestFile::Fields Fields(const std::string& name, const JsonValue& value) const {
        if (value.kind != Kind::kObject) {
            Fail(value.offset, name + " must be an object of strings, or of arrays of them");
        }
        RequestFile::Fields fields;
        for (const JsonValue::Member& member : value.members) {
            if (member.value.kind != Kind::kArray) {
                fields.emplace_back(member.name, Bytes(member.name, member.value));
                continue;
            }
            for (const JsonValue& item : member.value.items) {
                fields.emplace_back(member.name, Bytes(member.name, item));
            }
        }
        return fields;
    }

    /// In lower case, as the gateway gives them.
    RequestFile::Fields Headers(const JsonValue& value) const {
        RequestFile::Fields headers = Fields("headers", value);
        for (auto& [name, unused] : headers) {
            std::transform(name.begin(), name.end(), name.begin(), &detail::Lower);
        }
        return headers;
    }

    std::string_view text_;
    const std::string& name_;
};

Json BytesJson(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = Utf8CharacterSize(std::string_view(bytes).substr(at));
        if (size == 0) return Json{{"base64", EncodeBase64(bytes)}};
        at += size;
    }
    return bytes;
}

/// A name that repeats becomes an array. Names are tokens or the configuration's: always UTF-8.
Json FieldsJson(const RequestFile::Fields& fields) {
    Json object = Json::object();
    for (const auto& [name, value] : fields) {
        const auto before = object.find(name);
        if (before == object.end()) {
            object[name] = BytesJson(value);
        } else if (before->is_array()) {
            before->push_back(BytesJson(value));
        } else {
            *before = Json::array({*before, BytesJson(value)});
        }
    }
    return object;
}

RequestFile::Fields CopyFields(const holdfast_fields& fields) {
    RequestFile::Fields copy;
    copy.reserve(fields.count);
    for (std::size_t i = 0; i < fields.count; ++i) {
        copy.emplace_back(View(fields.items[i].name), View(fields.items[i].value));
    }
    return copy;
}

std::vector<RequestView::FieldView> ViewFields(const RequestFile::Fields& fields) {
    std::vector<RequestView::FieldView> views;
    for (const auto& [name, value] : fields) views.push_back({name, value});
    return views;
}

}  // namespace

std::unique_ptr<RequestPayload> RequestFile::MakePayload(const std::string& default_service) const {
    const std::string spoken = Method();
    RequestView view;
    view.id = correlation_id;
    view.attempt = attempt;
    view.service = service.empty() ? default_service : service;
    view.route = route.empty() ? std::string_view(target).substr(0, target.find('?')) : route;
    view.method = spoken;
    view.target = target;
    view.idempotency_key = idempotency_key;
    view.body = body;
    view.fields[RequestView::kParameters] = ViewFields(parameters);
    view.fields[RequestView::kHeaders] = ViewFields(headers);
    view.fields[RequestView::kAttributes] = ViewFields(attributes);
    return RequestBlock::Make(view);
}

RequestFile ParseRequestFile(std::string_view text, const std::string& name) {
    return Reader(text, name).Read();
}

RequestFile CopyRequest(const holdfast_request_v1& request, Duration timeout,
                        const std::set<std::string, std::less<>>& redacted) {
    RequestFile copy;
    copy.correlation_id = request.correlation_id;
    copy.attempt = request.attempt;
    copy.service = View(request.service);
    copy.route = View(request.route);
    copy.method = View(request.method);
    copy.target = View(request.target);
    copy.idempotency_key = View(request.idempotency_key);
    copy.body = View(request.body);
    copy.parameters = CopyFields(request.parameters);
    copy.headers = CopyFields(request.headers);
    copy.attributes = CopyFields(request.attributes);
    copy.timeout = std::max<Duration>(timeout, std::chrono::milliseconds(1));
    for (auto& [name, value] : copy.headers) {
        if (redacted.contains(name)) value = kRedacted;
    }
    return copy;
}

std::string FormatRequestFile(const RequestFile& request) {
    Json json{{"correlation_id", fmt::format("{:016x}", request.correlation_id)},
              {"attempt", request.attempt},
              {"service", request.service},
              {"route", request.route},
              {"method", request.method},
              {"target", request.target}};
    if (request.timeout) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*request.timeout);
        json["timeout"] = fmt::format("{}ms", rest.count());
    }
    if (!request.idempotency_key.empty()) json["idempotency_key"] = request.idempotency_key;
    if (!request.parameters.empty()) json["parameters"] = FieldsJson(request.parameters);
    if (!request.headers.empty()) json["headers"] = FieldsJson(request.headers);
    if (!request.attributes.empty()) json["attributes"] = FieldsJson(request.attributes);
    if (!request.body.empty()) json["body"] = BytesJson(request.body);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace holdfast::worker
