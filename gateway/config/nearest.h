#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

// "Did you mean ...?" Thread: any; pure functions.
namespace holdfast::gateway::config {

/// Insertions, deletions, replacements and swaps of neighbours between two names, where case, '_'
/// and '-' do not count.
std::size_t Distance(std::string_view first, std::string_view second);

/// Whether a name of this length with that many mistakes is likely to be meant.
bool IsNear(std::size_t distance, std::size_t length);

/// The candidate that is most likely meant, or nothing when none is near.
std::optional<std::string> Nearest(std::string_view wanted,
                                   std::span<const std::string> candidates);

}  // namespace holdfast::gateway::config
