#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "gateway/core/mutation.h"
#include "tests/sim/promise.h"
#include "worker/core/mutation.h"

namespace holdfast::sim {

/// A rule that can be broken, and the promise that must be found broken then. Only in the build
/// with HOLDFAST_MUTATIONS.
struct Mutation {
    std::string_view name;
    std::variant<gateway::Rule, worker::Rule> rule;
    Promise expected;
};

std::span<const Mutation> Mutations();
/// Null when there is none of that name.
const Mutation* FindMutation(std::string_view name);

/// Breaks that rule and no other, in this process, from now on.
void Break(const Mutation& mutation);
void BreakNothing();

}  // namespace holdfast::sim
