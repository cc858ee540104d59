#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::worker {
namespace detail {

/// How many letters must be put in, taken out or changed (Levenshtein 1966).
inline std::size_t EditDistance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

}  // namespace detail

/// The one of `known` that was probably meant, if one is near.
template <typename Names>
std::optional<std::string> NearestName(std::string_view wrong, const Names& known) {
    std::optional<std::string> nearest;
    std::size_t least = wrong.size() / 3 + 1;
    for (const std::string_view name : known) {
        const std::size_t distance = detail::EditDistance(wrong, name);
        if (distance > least || (nearest && distance == least)) continue;
        least = distance;
        nearest = name;
    }
    return nearest;
}

}  // namespace holdfast::worker
