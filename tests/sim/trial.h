#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

/// One world, whole or with parts taken out: what is needed to run it again.
struct Trial {
    std::uint64_t seed = 1;
    std::optional<std::set<std::uint64_t>> only;  ///< numbers of the actions that are done
    std::set<std::size_t> without_gateways;
    std::set<std::size_t> without_workers;

    bool whole() const { return !only && without_gateways.empty() && without_workers.empty(); }
};

/// As arguments of holdfast-sim: "--seed 7 --only 3,8-12 --without g1,w0".
std::string Text(const Trial& trial);

/// Parse the values of --only and --without; false when they are malformed.
bool ParseOnly(std::string_view text, Trial& into);
bool ParseWithout(std::string_view text, Trial& into);

}  // namespace holdfast::sim
