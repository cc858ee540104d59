#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/config/keys.h"
#include "gateway/config/yaml_tree.h"

namespace holdfast::gateway::config {

/// Fills a configuration from the file's tree, then from the environment over it, and collects
/// every problem on the way. A value that is refused leaves the one before it in place.
///
/// Thread: one. Owner: LoadText(), for one load.
class Reader {
  public:
    static constexpr std::size_t kMaxProblems = 100;

    explicit Reader(std::string file);

    void ReadTree(const YamlNode& root);
    void ReadEnvironment(const Environment& environment);
    /// What follows from other values; after both.
    void Derive();

    const LoadedConfig& loaded() const { return loaded_; }
    const std::vector<Problem>& problems() const { return problems_; }
    /// Paths of keys that were refused: what depends on them cannot be judged.
    const std::set<std::string, std::less<>>& broken() const { return broken_; }

    void Report(Position position, std::string message);
    /// There are so many problems that more would help nobody; a damaged file could have thousands.
    bool Full() const { return problems_.size() >= kMaxProblems; }

  private:
    void ReadSection(std::string_view section, const YamlNode& node);
    void ResolvePath(Value& value) const;
    void ReadRoutes(const YamlNode& node);
    void ReadRoute(const YamlNode& node, const std::string& name);

    /// Reads the value of `key`, called `path` in messages. Nothing when it was refused.
    std::optional<Value> ReadValue(const KeyInfo& key, const std::string& path,
                                   const YamlNode& node);
    std::optional<Value> ReadList(const KeyInfo& key, const std::string& path,
                                  const YamlNode& node);
    std::optional<Value> ReadSources(const KeyInfo& key, const std::string& path,
                                     const YamlNode& node);

    /// The map's keys as text, empty where they are refused (no text, or a duplicate).
    std::vector<std::string> KeyNames(const YamlNode& map, const std::string& prefix);
    void Override(const std::string& name, const std::string& text);
    void Refuse(const std::string& path, Position position, std::string message);
    void FromFile(const std::string& path, Position position);

    LoadedConfig loaded_;
    std::vector<Problem> problems_;
    std::set<std::string, std::less<>> broken_;
};

/// Check() without the combinations in which a key of `broken` takes part.
std::vector<Problem> CheckExcept(const LoadedConfig& loaded,
                                 const std::set<std::string, std::less<>>& broken);

/// Whether a HOLDFAST_... variable is meant for something else than the gateway's configuration.
bool IsForeignVariable(std::string_view name, std::string_view value);

/// Those of them that this repository knows by name, for the reference; "..." ends a family.
std::vector<std::string> ForeignVariables();

}  // namespace holdfast::gateway::config
