#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"

// Which texts are allowed where a key's type alone does not say. A Check...() returns what would be
// right, or nothing when the text is. Thread: any; pure functions.
namespace holdfast::gateway::config {

using TextCheck = std::optional<std::string> (*)(std::string_view);

std::optional<std::string> CheckAddress(std::string_view text);
std::optional<std::string> CheckService(std::string_view text);
std::optional<std::string> CheckMethod(std::string_view text);
std::optional<std::string> CheckMediaType(std::string_view text);
std::optional<std::string> CheckPattern(std::string_view text);
std::optional<std::string> CheckFieldName(std::string_view text);
std::optional<std::string> CheckPath(std::string_view text);

bool IsSourceName(Source::Kind kind, std::string_view name);

/// Both take an address that CheckAddress() accepts.
bool IsLoopback(std::string_view address);
/// Whether sockets on these two addresses would collide on one port.
bool Overlap(std::string_view first, std::string_view second);

bool IsJson(std::string_view media_type);

/// The parameters of a valid pattern, in order: "/a/{id}/{rest...}" has "id" and "rest".
std::vector<std::string> Parameters(std::string_view pattern);

/// A valid pattern without its parameters' names: two patterns of one shape match the same paths.
std::string Shape(std::string_view pattern);

}  // namespace holdfast::gateway::config
