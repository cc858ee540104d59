#include "load/flow/template.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace holdfast::load {
namespace {

using Part = Template::Part;

constexpr std::array<std::pair<std::string_view, Part::Kind>, 8> kPlainNames{
    {{"mark", Part::Kind::kMark},
     {"uuid", Part::Kind::kUuid4},
     {"uuid7", Part::Kind::kUuid7},
     {"counter", Part::Kind::kCounter},
     {"now", Part::Kind::kNow},
     {"timestamp", Part::Kind::kTimestamp},
     {"run", Part::Kind::kRun},
     {"journey", Part::Kind::kJourney}}};

std::vector<std::string_view> Words(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
        if (text.empty()) return words;
        const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::optional<std::int64_t> Integer(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

/// One `${...}`; `inner` is what stands between the braces.
class Compiler {
  public:
    Compiler(const Yaml& node, Escape escape, Scope& scope)
        : node_(node), escape_(escape), scope_(scope) {}

    void Compile(std::string_view inner, Template& into) const {
        const std::vector<std::string_view> words = Words(inner);
        if (words.empty()) node_.Fail("'${}' names nothing; known are " + KnownNames());
        if (words[0] == "random") return into.Add(Random(words));
        if (words[0] == "choice") return into.Add(Choice(words));
        if (words[0] == "number") {
            if (words.size() != 2 || escape_ != Escape::kJson) {
                node_.Fail(
                    "'${number NAME}' writes the value of a feeder's column or of a variable as a "
                    "number, in a JSON body");
            }
            return Name(words[1], Escape::kNumber, into);
        }
        if (words.size() > 1) {
            node_.Fail(Quoted("${" + std::string(inner) + "}") +
                       " has more than a name; known are " + KnownNames());
        }
        Name(words[0], escape_, into);
    }

  private:
    void Name(std::string_view name, Escape escape, Template& into) const {
        Part part;
        part.escape = escape;
        const auto* plain =
            std::ranges::find(kPlainNames, name, &std::pair<std::string_view, Part::Kind>::first);
        if (plain != kPlainNames.end()) {
            part.kind = plain->second;
        } else if (const std::string* constant = scope_.FindConstant(name)) {
            std::string text;
            AppendEscaped(*constant, escape, text);
            return into.Add(text);
        } else if (const std::uint32_t* slot = scope_.FindVariable(name)) {
            part.kind = Part::Kind::kVariable;
            part.index = *slot;
        } else {
            const std::size_t dot = name.find('.');
            part.kind = Part::Kind::kFeeder;
            if (dot == std::string_view::npos ||
                !scope_.UseColumn(name.substr(0, dot), name.substr(dot + 1), node_.place(), part)) {
                Unknown(name);
            }
        }
        into.Add(std::move(part));
    }

    Part Random(const std::vector<std::string_view>& words) const {
        const auto low = words.size() == 3 ? Integer(words[1]) : std::nullopt;
        const auto high = words.size() == 3 ? Integer(words[2]) : std::nullopt;
        if (!low || !high || *low > *high) {
            node_.Fail("'${random}' takes two whole numbers, the lower first: ${random 1 100}");
        }
        Part part;
        part.kind = Part::Kind::kRandom;
        part.low = *low;
        part.high = *high;
        return part;
    }

    Part Choice(const std::vector<std::string_view>& words) const {
        if (words.size() < 2) {
            node_.Fail("'${choice}' takes the words to choose from: ${choice a b}");
        }
        Part part;
        part.kind = Part::Kind::kChoice;
        for (std::size_t i = 1; i < words.size(); ++i) {
            AppendEscaped(words[i], escape_, part.choices.emplace_back());
        }
        return part;
    }

    [[noreturn]] void Unknown(std::string_view name) const {
        const std::vector<std::string> known = scope_.Known();
        const std::vector<std::string_view> views(known.begin(), known.end());
        node_.Fail("unknown name in '${" + std::string(name.substr(0, 60)) + "}'; " +
                   Suggestion(name, views));
    }

    std::string KnownNames() const {
        const std::vector<std::string> known = scope_.Known();
        return Listed(std::vector<std::string_view>(known.begin(), known.end()));
    }

    const Yaml& node_;
    Escape escape_;
    Scope& scope_;
};

}  // namespace

bool Template::Uses(Part::Kind kind) const {
    return std::ranges::any_of(parts, [&](const Part& part) { return part.kind == kind; });
}

void Template::Add(std::string_view literal) {
    if (literal.empty()) return;
    if (parts.empty() || parts.back().kind != Part::Kind::kLiteral) parts.emplace_back();
    parts.back().text += literal;
}

void Template::Add(const Template& other) {
    for (const Part& part : other.parts) {
        if (part.kind == Part::Kind::kLiteral) {
            Add(part.text);
        } else {
            parts.push_back(part);
        }
    }
}

void Scope::AddConstant(std::string name, std::string value) {
    constants_.emplace(std::move(name), std::move(value));
}

std::uint32_t Scope::AddVariable(const std::string& name) {
    const auto [found, is_new] = variables_.emplace(name, slots_);
    if (is_new) ++slots_;
    return found->second;
}

const std::string* Scope::FindConstant(std::string_view name) const {
    const auto found = constants_.find(name);
    return found == constants_.end() ? nullptr : &found->second;
}

const std::uint32_t* Scope::FindVariable(std::string_view name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : &found->second;
}

bool Scope::IsKnown(std::string_view name) const {
    const std::vector<std::string> known = Known();
    return std::ranges::find(known, name) != known.end() ||
           std::ranges::find(feeders_, name, &Feeder::name) != feeders_.end();
}

void Scope::CheckNewName(const Yaml::Entry& entry) const {
    if (entry.key.find_first_of(" .{}$") == std::string::npos && !IsKnown(entry.key)) return;
    entry.key_node.Fail(Quoted(entry.key) +
                        " cannot be a variable's name; choose one of letters, digits and '_' that "
                        "nothing else has");
}

bool Scope::UseColumn(std::string_view feeder, std::string_view column, const Place& place,
                      Template::Part& part) {
    const auto found = std::ranges::find(feeders_, feeder, &Feeder::name);
    if (found == feeders_.end() || column.empty()) return false;
    part.index = static_cast<std::uint32_t>(found - feeders_.begin());
    auto known = std::ranges::find(found->columns, column, &Column::name);
    if (known == found->columns.end()) {
        known = found->columns.insert(known, {std::string(column), place});
    }
    part.column = static_cast<std::uint32_t>(known - found->columns.begin());
    return true;
}

std::vector<std::string> Scope::Known() const {
    std::vector<std::string> known;
    known.reserve(kPlainNames.size());
    for (const auto& [name, kind] : kPlainNames) known.emplace_back(name);
    for (const char* name : {"random", "choice", "number"}) known.emplace_back(name);
    for (const auto& [name, value] : constants_) known.push_back(name);
    for (const auto& [name, slot] : variables_) known.push_back(name);
    for (const Feeder& feeder : feeders_) known.push_back(feeder.name + ".COLUMN");
    return known;
}

Template CompileTemplate(const Yaml& node, std::string_view text, Escape values, Scope& scope,
                         Escape between) {
    Template compiled;
    const Compiler compiler(node, values, scope);
    const auto add = [&](std::string_view literal) {
        std::string escaped;
        AppendEscaped(literal, between, escaped);
        compiled.Add(escaped);
    };
    while (!text.empty()) {
        const std::size_t at = text.find("${");
        if (at == std::string_view::npos) {
            add(text);
            break;
        }
        if (at > 0 && text[at - 1] == '$') {  // $${ is a literal ${
            add(text.substr(0, at - 1));
            add("${");
            text.remove_prefix(at + 2);
            continue;
        }
        add(text.substr(0, at));
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) {
            node.Fail("'${' without a '}'; write $${ where ${ itself is meant");
        }
        compiler.Compile(text.substr(at + 2, end - at - 2), compiled);
        text.remove_prefix(end + 1);
    }
    return compiled;
}

}  // namespace holdfast::load
