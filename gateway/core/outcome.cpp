#include "gateway/core/outcome.h"

#include <array>

namespace holdfast::gateway {
namespace {

constexpr std::array<std::string_view, kOutcomeCount> kOutcomeNames = {
    "replied",     "unavailable",  "overloaded",    "no-worker", "timed-out",
    "worker-lost", "worker-error", "shutting-down", "cancelled", "rejected",
};
static_assert(!kOutcomeNames.back().empty(), "every outcome has a name");

constexpr std::array<std::string_view, 3> kProgressNames = {"no", "unknown", "started"};

}  // namespace

std::string_view Name(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::string_view Name(Progress progress) {
    return kProgressNames[static_cast<std::size_t>(progress)];
}

}  // namespace holdfast::gateway
