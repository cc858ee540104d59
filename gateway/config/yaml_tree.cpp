#include "gateway/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <stdexcept>
#include <utility>

namespace holdfast::gateway::config {
namespace {

constexpr std::size_t kMaxDepth = 16;

Position At(const YAML::Mark& mark) {
    if (mark.line < 0 || mark.column < 0) return {};
    return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

/// Not a YAML::Exception: its text is ours, and needs no translation.
class Refused : public std::runtime_error {
  public:
    Refused(Position position, const char* what) : std::runtime_error(what), position_(position) {}
    Position position() const { return position_; }

  private:
    Position position_;
};

/// Collects yaml-cpp's events of one document; the open collections are a stack.
class TreeBuilder : public YAML::EventHandler {
  public:
    YamlNode TakeRoot() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (seen_document_) {
            throw Refused(At(mark),
                          "a second document begins here; a configuration is one document");
        }
        seen_document_ = true;
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        Add(Node(YamlNode::Kind::kNull, mark));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        throw Refused(At(mark), "aliases (*name) are not supported here; write the value again");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        RefuseTag(mark, tag);
        YamlNode node = Node(YamlNode::Kind::kScalar, mark);
        node.text = value;
        Add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        Open(YamlNode::Kind::kList, mark, tag);
    }
    void OnSequenceEnd() override { Close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        Open(YamlNode::Kind::kMap, mark, tag);
    }
    void OnMapEnd() override { Close(); }

  private:
    static YamlNode Node(YamlNode::Kind kind, const YAML::Mark& mark) {
        YamlNode node;
        node.kind = kind;
        node.position = At(mark);
        return node;
    }

    // yaml-cpp names what has no tag "?" when plain and "!" when quoted.
    static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        throw Refused(At(mark), "tags (!name) are not supported here; remove it");
    }

    void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
        RefuseTag(mark, tag);
        if (open_.size() == kMaxDepth) {
            throw Refused(At(mark), "nested deeper than any configuration is");
        }
        open_.push_back(Node(kind, mark));
    }

    void Close() {
        YamlNode closed = std::move(open_.back());
        open_.pop_back();
        Add(std::move(closed));
    }

    void Add(YamlNode node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        YamlNode& parent = open_.back();
        const bool is_key =
            parent.kind == YamlNode::Kind::kMap && parent.keys.size() == parent.items.size();
        (is_key ? parent.keys : parent.items).push_back(std::move(node));
    }

    std::vector<YamlNode> open_;
    YamlNode root_;
    bool seen_document_ = false;
};

}  // namespace

YamlResult ParseYaml(std::string_view text) {
    YamlResult result;
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        TreeBuilder builder;
        while (parser.HandleNextDocument(builder)) {
        }
        result.root = builder.TakeRoot();
    } catch (const Refused& refused) {
        result.error = YamlError{refused.position(), refused.what()};
    } catch (const YAML::Exception& error) {
        std::string message = "this is not valid YAML: " + error.msg;
        if (error.msg.find("tab") != std::string::npos) message += "; indent with spaces";
        result.error = YamlError{At(error.mark), std::move(message)};
    } catch (const std::exception& error) {
        // yaml-cpp lets a few of the standard library's exceptions through on damaged input.
        result.error = YamlError{{}, std::string("this is not valid YAML: ") + error.what()};
    }
    return result;
}

}  // namespace holdfast::gateway::config
