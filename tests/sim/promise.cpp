#include "tests/sim/promise.h"

#include <array>

namespace holdfast::sim {
namespace {

constexpr std::array kNames = std::to_array<std::string_view>({
    "a request is completed exactly once",
    "a request is completed with its own reply",
    "a request is completed by its deadline and one tick",
    "no request times out early",
    "a request is erased from the table before it is completed",
    "a request ends in one of the ways that are documented",
    "permits equal what is alive, in count and in bytes",
    "the budget bounds what is alive, and refuses nothing else",
    "every request in the table is in one queue or with one worker",
    "no request is sent beyond its worker's credit",
    "no reply is sent beyond its gateway's credit, which only grows",
    "the gateway's reply bytes are bounded, held and granted together",
    "a worker holds no more than its capacity",
    "nothing is sent in a session that has ended",
    "nobody waits for a dead worker",
    "a reply that came from its owner ends its request, even while that one seems dead",
    "what may have been started and is not idempotent is never sent twice",
    "a request is redispatched at most once",
    "not processed is said only when it is certain",
    "an expired request is not sent",
    "a request whose cancel was heard is not started",
    "both sides keep to the wire contract",
    "when all is healed every request is answered",
    "at the end tables, lists, queues and budgets are empty",
    "at rest all credit is back and both sides agree on it",
});
static_assert(kNames.size() == static_cast<std::size_t>(Promise::kCount));

}  // namespace

std::string_view Name(Promise promise) {
    return kNames.at(static_cast<std::size_t>(promise));
}

}  // namespace holdfast::sim
