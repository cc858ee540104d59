#include <string>

#include "load/flow/template.h"

namespace holdfast::load {
namespace {

using Kind = Template::Part::Kind;

/// One `${...}` that gives a number, and nothing else.
bool IsNumeric(std::string_view text, const Template& value) {
    if (!text.starts_with("${") || text.find('}') != text.size() - 1) return false;
    if (text.starts_with("${number ")) return true;
    const Kind kind = value.parts.empty() ? Kind::kLiteral : value.parts[0].kind;
    return kind == Kind::kRandom || kind == Kind::kCounter || kind == Kind::kJourney ||
           kind == Kind::kTimestamp;
}

void AppendString(std::string_view text, Template& out) {
    std::string quoted = "\"";
    AppendJsonEscaped(text, quoted);
    out.Add(quoted + "\"");
}

void AppendScalar(const Yaml& node, Scope& scope, Template& out) {
    const std::string& text = node.Text();
    const bool bare = text == "true" || text == "false" || text == "null" || IsJsonNumber(text);
    if (node.IsPlain() && bare) return out.Add(text);
    if (text.find("${") == std::string::npos) return AppendString(text, out);
    const Template value = CompileTemplate(node, text, Escape::kJson, scope, Escape::kJson);
    if (IsNumeric(text, value)) return out.Add(value);
    if (text.find("${number ") != std::string::npos) {
        node.Fail("'${number NAME}' stands alone, or in a body that is written as text");
    }
    out.Add("\"");
    out.Add(value);
    out.Add("\"");
}

void Append(const Yaml& node, Scope& scope, Template& out) {
    if (node.IsNull()) {
        out.Add("null");
    } else if (node.IsScalar()) {
        AppendScalar(node, scope, out);
    } else if (node.IsList()) {
        std::string_view before = "[";
        for (const Yaml& item : node.List("")) {
            out.Add(before);
            Append(item, scope, out);
            before = ",";
        }
        out.Add(before == "[" ? "[]" : "]");
    } else {
        std::string_view before = "{";
        for (const Yaml::Entry& entry : node.Map("")) {
            out.Add(before);
            AppendString(entry.key, out);
            out.Add(":");
            Append(entry.value, scope, out);
            before = ",";
        }
        out.Add(before == "{" ? "{}" : "}");
    }
}

}  // namespace

Template CompileJson(const Yaml& node, Scope& scope) {
    Template compiled;
    Append(node, scope, compiled);
    return compiled;
}

}  // namespace holdfast::load
