#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/config/config.h"

// Short ways to load a configuration in a test and to speak of its problems.
namespace holdfast::gateway::config {

inline LoadResult FromText(std::string_view text, const Environment& environment = {}) {
    return LoadText(text, "g.yaml", environment);
}

inline std::vector<std::string> ProblemsOf(std::string_view text,
                                           const Environment& environment = {}) {
    std::vector<std::string> lines;
    for (const Problem& problem : FromText(text, environment).problems) {
        lines.push_back(Format(problem));
    }
    return lines;
}

/// The configuration of a text that must be good.
inline Config Good(std::string_view text, const Environment& environment = {}) {
    LoadResult result = FromText(text, environment);
    for (const Problem& problem : result.problems) ADD_FAILURE() << Format(problem);
    return result.loaded ? std::move(result.loaded->config) : Config{};
}

}  // namespace holdfast::gateway::config
