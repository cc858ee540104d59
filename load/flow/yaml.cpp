#include "load/flow/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace holdfast::load {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 100'000;

Place PlaceOf(const std::shared_ptr<const std::string>& file, const YAML::Mark& mark) {
    if (mark.line < 0 || mark.column < 0) return {file};
    return {file, static_cast<std::size_t>(mark.line) + 1,
            static_cast<std::size_t>(mark.column) + 1};
}

/// A few lines of aliases can stand for gigabytes, and an alias within its own anchor for ever.
void BoundSize(const YAML::Node& node, const std::shared_ptr<const std::string>& file, int depth,
               std::size_t& nodes) {
    if (depth > kMaxDepth) PlaceOf(file, node.Mark()).Fail("nested deeper than any flow is");
    if (++nodes > kMaxNodes) {
        PlaceOf(file, node.Mark()).Fail("the file is too large; data belongs into a feeder's file");
    }
    if (node.IsSequence()) {
        for (const auto& item : node) BoundSize(item, file, depth + 1, nodes);
    } else if (node.IsMap()) {
        for (const auto& item : node) {
            BoundSize(item.first, file, depth + 1, nodes);
            BoundSize(item.second, file, depth + 1, nodes);
        }
    }
}

/// Refuses a second document. yaml-cpp's own LoadAll does not end on some damaged texts.
class OneDocument : public YAML::EventHandler {
  public:
    explicit OneDocument(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (seen_) {
            PlaceOf(file_, mark).Fail("a second document begins here; a flow is one document");
        }
        seen_ = true;
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& /*value*/) override {}
    void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                         YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                    YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
    void OnMapEnd() override {}

  private:
    std::shared_ptr<const std::string> file_;
    bool seen_ = false;
};

YAML::Node LoadOne(std::string_view text, const std::shared_ptr<const std::string>& file) {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    OneDocument document(file);
    while (parser.HandleNextDocument(document)) {
    }
    return YAML::Load(std::string(text));
}

}  // namespace

void Place::Fail(const std::string& what) const {
    std::string message =
        *file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + what;
    // Some of it is the file's own text, and yaml-cpp's messages have some too: it stays one line.
    std::ranges::replace_if(
        message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    throw FlowError(message);
}

Yaml Yaml::Parse(std::string_view text, const std::string& file) {
    const auto name = std::make_shared<const std::string>(file);
    try {
        const YAML::Node root = LoadOne(text, name);
        std::size_t nodes = 0;
        BoundSize(root, name, 0, nodes);
        return {root, name, ""};
    } catch (const FlowError&) {
        throw;
    } catch (const YAML::Exception& error) {
        std::string message = "this is not valid YAML: " + error.msg;
        if (error.msg.find("tab") != std::string::npos) message += "; indent with spaces";
        PlaceOf(name, error.mark).Fail(message);
    } catch (const std::exception& error) {
        // yaml-cpp lets a few of the standard library's exceptions through on damaged input.
        Place{name}.Fail(std::string("this is not valid YAML: ") + error.what());
    }
}

Place Yaml::place() const {
    return PlaceOf(file_, node_.Mark());
}

bool Yaml::IsNull() const {
    return !node_.IsDefined() || node_.IsNull();
}

bool Yaml::IsScalar() const {
    return node_.IsScalar();
}

bool Yaml::IsList() const {
    return node_.IsSequence();
}

bool Yaml::IsMap() const {
    return node_.IsMap();
}

bool Yaml::IsPlain() const {
    return IsScalar() && node_.Tag() == "?";
}

void Yaml::Refuse(std::string_view rule) const {
    std::string what = name_.empty() ? "the file" : Quoted(name_);
    what += " must be " + std::string(rule);
    if (IsScalar()) {
        what += ", not " + Quoted(node_.Scalar());
    } else if (!IsNull()) {
        what += IsMap() ? ", not a map" : ", not a list";
    }
    Fail(what);
}

const std::string& Yaml::Text(std::string_view rule) const {
    if (!IsScalar()) Refuse(rule);
    return node_.Scalar();
}

bool Yaml::Flag() const {
    const std::string& text = Text("true or false");
    if (text != "true" && text != "false") Refuse("true or false");
    return text == "true";
}

std::uint64_t Yaml::Count(std::uint64_t least, std::uint64_t most) const {
    const std::string rule =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    const std::uint64_t count = As(ParseCount, rule);
    if (count < least || count > most) Refuse(rule);
    return count;
}

std::vector<Yaml> Yaml::List(std::string_view rule) const {
    if (!IsList()) Refuse(rule);
    std::vector<Yaml> items;
    for (const auto& item : node_) {
        items.push_back(Yaml(item, file_, name_ + "[" + std::to_string(items.size()) + "]"));
    }
    return items;
}

std::vector<Yaml::Entry> Yaml::Map(std::string_view rule) const {
    if (!IsMap()) Refuse(rule);
    std::vector<Entry> entries;
    std::map<std::string, std::size_t> seen;
    for (const auto& item : node_) {
        const Yaml key_node(item.first, file_, name_);
        if (!item.first.IsScalar() || item.first.Scalar().empty()) {
            key_node.Fail("a key must be a name");
        }
        const std::string& key = item.first.Scalar();
        const auto [first, is_new] = seen.emplace(key, key_node.place().line);
        if (!is_new) {
            key_node.Fail(Quoted(key) + " is given twice; the first is at line " +
                          std::to_string(first->second) + ": keep one of them");
        }
        entries.push_back({key, key_node, Yaml(item.second, file_, key)});
    }
    return entries;
}

Yaml Yaml::Named(std::string name) const {
    return {node_, file_, std::move(name)};
}

YamlMap::YamlMap(const Yaml& node, std::string_view rule, std::vector<std::string_view> known)
    : node_(node), entries_(node.Map(rule)) {
    for (const Yaml::Entry& entry : entries_) {
        if (std::ranges::find(known, entry.key) != known.end()) continue;
        const std::string where = node.name().empty() ? "" : " in " + Quoted(node.name());
        entry.key_node.Fail("unknown key " + Quoted(entry.key) + where + "; " +
                            Suggestion(entry.key, known));
    }
}

std::optional<Yaml> YamlMap::Find(std::string_view key) const {
    const auto found = std::ranges::find(entries_, key, &Yaml::Entry::key);
    if (found == entries_.end()) return std::nullopt;
    if (found->value.IsNull()) {
        found->key_node.Fail(Quoted(key) + " has no value; give it one, or leave the key out");
    }
    return found->value;
}

Yaml YamlMap::Require(std::string_view key, std::string_view why) const {
    const auto found = Find(key);
    if (!found) {
        const std::string where = node_.name().empty() ? "the file" : Quoted(node_.name());
        node_.Fail(where + " has no " + Quoted(key) + ": " + std::string(why));
    }
    return *found;
}

std::vector<Yaml> YamlMap::FindAny(std::initializer_list<std::string_view> keys) const {
    std::vector<Yaml> found;
    for (const std::string_view key : keys) {
        if (const auto value = Find(key)) found.push_back(*value);
    }
    return found;
}

}  // namespace holdfast::load
