#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// YAML text as a small tree that knows where each node stood. It exists beside yaml-cpp's own tree
// because that one follows aliases (a few lines can stand for gigabytes) and forgets what was
// quoted. Thread: any; pure functions.
namespace holdfast::gateway::config {

struct Position {
    std::size_t line = 0;  ///< from 1; 0 is nowhere
    std::size_t column = 0;
};

struct YamlNode {
    enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
    Kind kind = Kind::kNull;
    Position position;
    std::string text;             ///< of a scalar
    std::vector<YamlNode> keys;   ///< of a map, in the file's order, with duplicates
    std::vector<YamlNode> items;  ///< of a list, or the values of `keys`
};

struct YamlError {
    Position position;
    std::string message;
};

struct YamlResult {
    YamlNode root;  ///< null for a text without content
    std::optional<YamlError> error;
};

/// One document; aliases, tags and more than 16 levels are refused.
YamlResult ParseYaml(std::string_view text);

}  // namespace holdfast::gateway::config
