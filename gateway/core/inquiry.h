#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/clock.h"

namespace holdfast::gateway {

/// What a worker says of itself when it is asked; the sizes have passed the codec's limits.
struct DescriptionItem {
    std::uint64_t number = 0;  ///< of the Describe that it answers
    std::string plugin;
    std::string plugin_version;
    std::string built_with;
    std::string abi;
    std::string version;
    Duration uptime{};
    std::uint32_t threads = 0;
    std::vector<std::pair<std::string, std::uint64_t>> counters;
    std::vector<std::pair<std::string, std::string>> settings;
};

/// A question to every worker of a service, and what came of it.
struct Inquiry {
    enum class Kind : std::uint8_t { kPing, kDescribe };
    enum class State : std::uint8_t {
        kWaiting,
        kAnswered,
        kNoAnswer,  ///< within the inquiry's patience
        kLost,      ///< its session ended meanwhile
    };
    struct Answer {
        std::string instance{};
        std::string host{};
        std::uint64_t pid = 0;
        State state = State::kWaiting;
        Duration round_trip{};          ///< with kAnswered
        DescriptionItem description{};  ///< likewise, of kDescribe
    };

    std::uint64_t id = 0;  ///< whoever asks chooses it
    Kind kind = Kind::kPing;
    std::string service;
    bool known = false;             ///< a route or a worker names the service
    std::vector<Answer> answers{};  ///< one for each worker, in no order
};

}  // namespace holdfast::gateway
