#pragma once

#include <cstdint>
#include <optional>

namespace holdfast::worker {

/// The rules that tests/sim breaks on purpose, one at a time, to show that it notices.
enum class Rule : std::uint8_t { kCancelGivesCreditBack };

#ifdef HOLDFAST_MUTATIONS
inline std::optional<Rule> broken_rule;  ///< set once, before the first thread
inline bool Broken(Rule rule) {
    return broken_rule == rule;
}
#else
/// In the product no rule is ever broken, and the compiler leaves nothing of the question.
constexpr bool Broken(Rule) {
    return false;
}
#endif

}  // namespace holdfast::worker
