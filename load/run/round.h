#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/result/clock.h"
#include "load/result/profile.h"

namespace holdfast::load {

/// One load that all generators run together: the whole of a run, or one probe of a search.
struct Round {
    std::uint32_t number = 0;
    TimePoint start;            ///< of the first planned send
    std::vector<Stage> stages;  ///< of all processes together

    std::string Serialize() const;
    static std::optional<Round> Parse(std::string_view bytes);
};

/// What one generator says at the end of a round.
struct RoundEnd {
    std::uint64_t ledger_recorded = 0;
    std::uint64_t ledger_lost = 0;
    std::string ledger_trouble{};  ///< why lines were lost

    std::string Serialize() const;
    static std::optional<RoundEnd> Parse(std::string_view bytes);
};

/// The part of `whole` that is generator `process` of `processes`: its rates, users and
/// connections; the shares add up to the whole.
LoadProfile ShareOf(const LoadProfile& whole, std::uint32_t process, std::uint32_t processes);

/// How many journeys open-loop stages plan to begin from one moment to another, since the start.
double PlannedJourneys(const std::vector<Stage>& stages, Duration from, Duration upto);

}  // namespace holdfast::load
