#include "gateway/config/nearest.h"

#include <algorithm>
#include <vector>

namespace holdfast::gateway::config {
namespace {

// Longer names are no near miss of any key, and the work grows with the product of the lengths.
constexpr std::size_t kMaxCompared = 80;

std::string Folded(std::string_view name) {
    std::string folded;
    for (const char c : name.substr(0, kMaxCompared)) {
        if (c == '_' || c == '-') continue;
        folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return folded;
}

}  // namespace

std::size_t Distance(std::string_view first, std::string_view second) {
    const std::string a = Folded(first);
    const std::string b = Folded(second);
    // Optimal string alignment over three rows: the one before last is for swaps.
    std::vector<std::size_t> two_before;
    std::vector<std::size_t> before(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) before[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> row(b.size() + 1);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0U : 1U;
            row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], two_before[j - 2] + 1);
            }
        }
        two_before = std::move(before);
        before = std::move(row);
    }
    return before[b.size()];
}

bool IsNear(std::size_t distance, std::size_t length) {
    return distance <= std::clamp<std::size_t>(length / 3, 1, 3) && distance < length;
}

std::optional<std::string> Nearest(std::string_view wanted,
                                   std::span<const std::string> candidates) {
    const std::string* best = nullptr;
    std::size_t best_distance = 0;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = Distance(wanted, candidate);
        if (best == nullptr || distance < best_distance) {
            best = &candidate;
            best_distance = distance;
        }
    }
    if (best == nullptr || !IsNear(best_distance, wanted.size())) return std::nullopt;
    return *best;
}

}  // namespace holdfast::gateway::config
