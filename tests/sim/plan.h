#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/coverage.h"
#include "tests/sim/random.h"

namespace holdfast::sim {

/// One client's request, and what that client does.
struct Ask {
    std::uint32_t service = 0;
    std::uint32_t wait = 0;  ///< which of kWaits its route has
    bool idempotent = false;
    bool must_succeed = false;
    Duration timeout{};
    std::size_t body_bytes = 0;
    Duration client_reads_for{};
    std::optional<Duration> client_leaves_after;
};

/// Something that is done to a world: a request, or a fault or a lie.
struct Action {
    Duration at{};  ///< since the beginning
    std::size_t gateway = 0;
    std::optional<Ask> ask;
    bool begins_burst = false;
    // Of a fault.
    Seen fault = Seen::kCount;
    std::size_t worker = 0;
    Duration how_long{};     ///< it lasts, or until the process is back
    bool as_before = false;  ///< it comes back under the same name
};

/// "request for alpha at gateway 1, ..." or the fault with its target.
std::string Text(const Action& action);

/// All that is done to one world, and its measures. The seed decides everything.
struct Plan {
    std::size_t gateways = 3;
    std::size_t workers = 2;
    Duration length{};
    Duration longest_delay{};
    Duration longest_service{};
    std::uint64_t hang_percent = 0;  ///< of requests: the plugin never answers
    std::vector<Action> actions;     ///< by time; a request's number is its place here
};

inline constexpr const char* kServices[] = {"alpha", "beta"};
/// For a worker, by routes.
inline constexpr Duration kWaits[] = {Duration(0), std::chrono::milliseconds(50),
                                      std::chrono::milliseconds(300), std::chrono::seconds(1)};
inline constexpr Duration kLongestTimeout = std::chrono::seconds(3);

Plan MakePlan(std::uint64_t seed);

}  // namespace holdfast::sim
