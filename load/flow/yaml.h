#pragma once

#include <yaml-cpp/node/node.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/flow/flow.h"
#include "load/result/quantity.h"

namespace holdfast::load {

/// Where something stands in a flow file; for errors that are found later.
struct Place {
    std::shared_ptr<const std::string> file;
    std::size_t line = 1;
    std::size_t column = 1;

    /// Throws FlowError "FILE:LINE:COLUMN: what".
    [[noreturn]] void Fail(const std::string& what) const;
};

/// A node of a flow file that knows its name and its place, and refuses what is wrong with it in
/// one line. Thread: one at a time.
class Yaml {
  public:
    struct Entry;

    /// One document of at most 100,000 nodes, aliases counted as often as they stand for something;
    /// at most 32 deep. Throws FlowError, as all members do.
    static Yaml Parse(std::string_view text, const std::string& file);

    const std::string& name() const { return name_; }
    Place place() const;
    bool IsNull() const;
    bool IsScalar() const;
    bool IsList() const;
    bool IsMap() const;
    /// Neither quoted nor a block: a number, true, false and null are what they look like.
    bool IsPlain() const;

    [[noreturn]] void Fail(const std::string& what) const { place().Fail(what); }
    /// "'name' must be RULE, not 'what is there'".
    [[noreturn]] void Refuse(std::string_view rule) const;

    /// A scalar's text.
    const std::string& Text(std::string_view rule = "a text") const;
    bool Flag() const;
    /// A whole number within the bounds.
    std::uint64_t Count(std::uint64_t least, std::uint64_t most) const;
    Duration Time() const { return As(ParseDuration, kDurationRule); }
    template <class T>
    T As(std::optional<T> (*parse)(std::string_view), std::string_view rule) const {
        const std::optional<T> value = parse(Text(rule));
        if (!value) Refuse(rule);
        return *value;
    }

    std::vector<Yaml> List(std::string_view rule) const;
    /// A map's entries in the file's order; a key that is no text or comes twice is refused.
    std::vector<Entry> Map(std::string_view rule) const;
    /// The same node under another name.
    Yaml Named(std::string name) const;

  private:
    Yaml(const YAML::Node& node, std::shared_ptr<const std::string> file, std::string name)
        : node_(node), file_(std::move(file)), name_(std::move(name)) {}

    YAML::Node node_;
    std::shared_ptr<const std::string> file_;
    std::string name_;
};

struct Yaml::Entry {
    std::string key;
    Yaml key_node;
    Yaml value;
};

/// A map of which all keys are known.
class YamlMap {
  public:
    /// Refuses other keys, with the nearest known one.
    YamlMap(const Yaml& node, std::string_view rule, std::vector<std::string_view> known);

    /// The value, or nothing; "key:" without a value is refused.
    std::optional<Yaml> Find(std::string_view key) const;
    Yaml Require(std::string_view key, std::string_view why) const;
    /// Those of the keys that are there, in the order of `keys`.
    std::vector<Yaml> FindAny(std::initializer_list<std::string_view> keys) const;
    const Yaml& node() const { return node_; }

  private:
    Yaml node_;
    std::vector<Yaml::Entry> entries_;
};

}  // namespace holdfast::load
