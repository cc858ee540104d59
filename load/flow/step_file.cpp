#include "load/flow/step_file.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::load {
namespace {

constexpr std::string_view kRequestRule = "a method and a path, such as POST /v1/orders";
/// The generator's own: a file that sets them would break the connection's framing.
constexpr std::array<std::string_view, 5> kOwnHeaders{"connection", "content-length", "host",
                                                      "keep-alive", "transfer-encoding"};

std::string Lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

/// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool HasControlCharacter(std::string_view text) {
    return std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool IsPointer(std::string_view text) {
    if (!text.starts_with('/')) return false;
    for (std::size_t at = text.find('~'); at != std::string_view::npos;
         at = text.find('~', at + 1)) {
        if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
    }
    return true;
}

void ParseTarget(const Yaml& node, Scope& scope, RequestStep& step) {
    const std::string& text = node.Text(kRequestRule);
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) node.Refuse(kRequestRule);
    step.method = text.substr(0, space);
    const bool capitals =
        std::ranges::all_of(step.method, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (step.method.empty() || !capitals) node.Refuse(kRequestRule);
    step.path =
        CompileTemplate(node, std::string_view(text).substr(space + 1), Escape::kPath, scope);
    const bool begins = !step.path.parts.empty() && step.path.parts[0].text.starts_with('/');
    if (!begins) node.Refuse("a method and a path that begins with '/', such as POST /v1/orders");
    for (const Template::Part& part : step.path.parts) {
        const bool plain =
            part.text.find_first_of(" #") == std::string::npos && !HasControlCharacter(part.text);
        if (!plain) node.Fail("a path has no spaces and no '#'; write %20 and %23 for them");
    }
}

void ParseHeaders(const Yaml& node, Scope& scope, RequestStep& step) {
    for (const Yaml::Entry& entry : node.Map("a map of header names and values")) {
        if (!IsToken(entry.key)) entry.key_node.Fail(Quoted(entry.key) + " is no header's name");
        const std::string lower = Lower(entry.key);
        if (std::ranges::find(kOwnHeaders, lower) != kOwnHeaders.end()) {
            entry.key_node.Fail("the header " + Quoted(entry.key) +
                                " is made by the generator itself; remove it here");
        }
        const std::string& text = entry.value.Text("a header's value");
        if (HasControlCharacter(text)) entry.value.Refuse("one line without control characters");
        Template value = CompileTemplate(entry.value, text, Escape::kHeader, scope);
        if (lower == "idempotency-key") {
            step.idempotency_key = std::move(value);
        } else {
            step.headers.emplace_back(entry.key, std::move(value));
        }
    }
}

const Template* ContentType(const RequestStep& step) {
    const auto found = std::ranges::find_if(
        step.headers, [](const auto& header) { return Lower(header.first) == "content-type"; });
    return found == step.headers.end() ? nullptr : &found->second;
}

void ParseBody(const YamlMap& map, Scope& scope, RequestStep& step) {
    const auto given = map.FindAny({"body", "json"});
    if (given.empty()) return;
    if (given.size() == 2) given[1].Fail("a step has 'body' or 'json', not both");
    const bool is_json = given[0].name() == "json";
    const std::string text = is_json ? "" : given[0].Text("a text; for a structure write 'json:'");
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool looks_json =
        is_json || (first != std::string::npos && (text[first] == '{' || text[first] == '['));
    const Template* type = ContentType(step);
    bool escaped = looks_json;
    if (type == nullptr) {
        Template value;
        value.Add(looks_json ? "application/json" : "text/plain; charset=utf-8");
        step.headers.emplace_back("Content-Type", std::move(value));
    } else if (type->IsConstant()) {
        escaped = type->Constant().find("json") != std::string_view::npos;
    }
    step.body =
        is_json ? CompileJson(given[0], scope)
                : CompileTemplate(given[0], text, escaped ? Escape::kJson : Escape::kNone, scope);
}

void ParseMark(const Yaml& node, const std::vector<RequestStep>& earlier, RequestStep& step) {
    if (!node.IsMap()) {
        step.mark.at = ParseSelector(node);
        return;
    }
    const YamlMap map(node, "a place such as /customer, or a map", {"at", "of"});
    if (const auto at = map.Find("at")) step.mark.at = ParseSelector(*at);
    if (const auto of = map.Find("of")) {
        const auto found = std::ranges::find(earlier, of->Text(), &RequestStep::name);
        if (found == earlier.end()) of->Refuse("the name of an earlier step");
        step.mark.of = static_cast<std::uint32_t>(found - earlier.begin());
    }
}

void ParseTimes(const YamlMap& map, RequestStep& step) {
    const auto time = [&](std::string_view key, Duration& into) {
        const auto value = map.Find(key);
        if (!value) return;
        into = value->Time();
        if (into <= Duration::zero()) value->Refuse("a duration above zero");
    };
    time("timeout", step.timeout);
    time("abandon_after", step.abandon_after);
    if (const auto think = map.Find("think_time")) step.think = ParsePause(*think);
    const auto rate = [&](std::string_view key, std::uint64_t& into) {
        const auto value = map.Find(key);
        if (!value) return;
        constexpr std::string_view kRule = "bytes per second, such as 100/s or 4KiB/s";
        std::string_view text = value->Text(kRule);
        if (text.ends_with("/s")) text.remove_suffix(2);
        into = ParseSize(text).value_or(0);
        if (into == 0) value->Refuse(kRule);
    };
    rate("send_rate", step.send_rate);
    rate("receive_rate", step.receive_rate);
}

void ParseExtracts(const Yaml& node, Scope& scope, RequestStep& step) {
    for (const Yaml::Entry& entry : node.Map("a map of variables and where they are found")) {
        // Several steps may extract the same variable: the last one counts.
        if (scope.FindVariable(entry.key) == nullptr) scope.CheckNewName(entry);
        step.extracts.push_back({ParseSelector(entry.value), scope.AddVariable(entry.key)});
    }
}

bool UsesMark(const RequestStep& step) {
    const auto uses = [](const Template& text) { return text.Uses(Template::Part::Kind::kMark); };
    return step.mark.at || uses(step.path) || (step.body && uses(*step.body)) ||
           (step.idempotency_key && uses(*step.idempotency_key)) ||
           std::ranges::any_of(step.headers,
                               [&](const auto& header) { return uses(header.second); });
}

}  // namespace

Selector ParseSelector(const Yaml& node) {
    const std::string& text = node.Text(kSelectorRule);
    constexpr std::string_view kHeader = "header ";
    if (text.starts_with(kHeader) && IsToken(std::string_view(text).substr(kHeader.size()))) {
        return {true, text.substr(kHeader.size())};
    }
    if (!IsPointer(text)) node.Refuse(kSelectorRule);
    return {false, text};
}

PauseRule ParsePause(const Yaml& node) {
    if (node.IsScalar()) return {.low = node.Time()};
    const YamlMap map(node, "a time such as 1s, {from: 1s, to: 3s} or {mean: 1s}",
                      {"from", "to", "mean"});
    if (const auto mean = map.Find("mean")) {
        if (!map.FindAny({"from", "to"}).empty()) node.Fail("a pause has a mean, or from and to");
        return {.kind = PauseRule::Kind::kExponential, .low = mean->Time()};
    }
    const Yaml from = map.Require("from", "write {from: 1s, to: 3s} or {mean: 1s}");
    const Yaml to = map.Require("to", "write {from: 1s, to: 3s} or {mean: 1s}");
    if (to.Time() < from.Time()) to.Refuse("not shorter than 'from'");
    return {.kind = PauseRule::Kind::kUniform, .low = from.Time(), .high = to.Time()};
}

std::vector<std::string_view> RequestKeys() {
    return {"name",       "request", "headers",  "body",         "json",         "timeout",
            "think_time", "repeat",  "on_error", "send_rate",    "receive_rate", "abandon_after",
            "mark",       "expect",  "unique",   "order_totals", "extract"};
}

RequestStep ParseRequest(const Yaml& node, Scope& scope, const std::vector<RequestStep>& earlier) {
    const YamlMap map(node, "a step", RequestKeys());
    RequestStep step;
    ParseTarget(map.Require("request", "each step sends one, such as POST /v1/orders"), scope,
                step);
    if (const auto name = map.Find("name")) step.name = name->Text();
    if (const auto headers = map.Find("headers")) ParseHeaders(*headers, scope, step);
    ParseBody(map, scope, step);
    ParseTimes(map, step);
    if (const auto repeat = map.Find("repeat")) step.repeat = repeat->Count(1, 1'000'000);
    if (const auto on_error = map.Find("on_error")) {
        const std::string& text = on_error->Text("stop or continue");
        if (text != "stop" && text != "continue") on_error->Refuse("stop or continue");
        step.stop_on_error = text == "stop";
    }
    if (const auto mark = map.Find("mark")) ParseMark(*mark, earlier, step);
    if (const auto expect = map.Find("expect")) ParseExpect(*expect, scope, step);
    if (const auto unique = map.Find("unique")) step.unique = ParseSelector(*unique);
    if (const auto totals = map.Find("order_totals")) step.order_totals = totals->Flag();
    if (const auto extract = map.Find("extract")) ParseExtracts(*extract, scope, step);
    step.has_mark = UsesMark(step);
    return step;
}

}  // namespace holdfast::load
