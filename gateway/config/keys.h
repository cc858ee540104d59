#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/config/config.h"
#include "gateway/config/text_rules.h"
#include "gateway/config/value.h"

// The table that everything about configuration comes from.
// Thread: any; the tables are constant.
namespace holdfast::gateway::config {

enum class Type : std::uint8_t {
    kFlag,
    kCount,
    kSize,
    kDuration,
    kChoice,
    kText,
    kList,     ///< of texts
    kSources,  ///< field → where its value comes from
};

/// What there is to know about a key, apart from where its value lives.
struct KeyInfo {
    std::string_view path;
    Type type = Type::kFlag;
    /// Bounds of a count, of bytes, of nanoseconds, or of a list's length.
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    std::span<const std::string_view> choices;
    /// For a text, or for each element of a list.
    TextCheck check = nullptr;
    std::string_view doc;
    bool required = false;
    /// Never shown: masked by --print-config and in messages.
    bool secret = false;
};

/// A key of `Owner` (Config, or Route): the default is what a default-constructed Owner holds.
template <class Owner>
struct Key : KeyInfo {
    Value (*get)(const Owner&) = nullptr;
    void (*set)(Owner&, const Value&) = nullptr;
};

std::span<const Key<Config>> ConfigKeys();
std::span<const Key<Route>> RouteKeys();

/// "limits.pending_bytes" → "HOLDFAST_LIMITS_PENDING_BYTES".
std::string EnvironmentName(std::string_view path);

/// "limits.pending_bytes" → "limits", and "pending_bytes"; "listen.tls.key" → "listen.tls", "key".
std::string_view SectionOf(std::string_view path);
/// Whether there are keys in this section, or below it.
bool IsSection(std::string_view path);
std::string_view LeafOf(std::string_view path);

/// What a value of this key must be: "a whole number from 0 to 65535".
std::string Expectation(const KeyInfo& key);

/// A scalar as the file or the environment gives it; the reason completes "it must be ...".
/// A list in the environment is separated by commas; "[]" is the empty one.
Parsed<Value> ParseScalar(const KeyInfo& key, std::string_view text);
Parsed<Value> ParseList(const KeyInfo& key, const std::vector<std::string>& items);

/// The value as YAML on one line; "***" for a secret.
std::string Shown(const KeyInfo& key, const Value& value);

/// Text as a YAML scalar that reads back as the same text.
std::string YamlText(std::string_view text);

}  // namespace holdfast::gateway::config
