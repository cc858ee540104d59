#include "load/result/timeline.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::load {

void Timeline::Add(std::uint32_t process, const Interval& interval) {
    const auto [found, is_new] = seconds_.try_emplace(interval.second, interval);
    if (!is_new) found->second.Merge(interval);
    reached_.at(process) = std::max<std::uint64_t>(reached_.at(process), interval.second + 1ULL);
}

void Timeline::End(std::uint32_t process) {
    reached_.at(process) = std::numeric_limits<std::uint64_t>::max();
}

const Interval* Timeline::NextWhole() {
    if (reached_.empty() || next_ > std::numeric_limits<std::uint32_t>::max()) return nullptr;
    const auto found = seconds_.lower_bound(static_cast<std::uint32_t>(next_));
    if (found == seconds_.end()) return nullptr;
    if (found->first >= *std::min_element(reached_.begin(), reached_.end())) return nullptr;
    next_ = found->first + 1ULL;
    found->second.Pack();
    return &found->second;
}

std::vector<Interval> Timeline::Take() {
    std::vector<Interval> intervals;
    intervals.reserve(seconds_.size());
    for (auto& [second, interval] : seconds_) {
        interval.Pack();
        intervals.push_back(std::move(interval));
    }
    seconds_.clear();
    return intervals;
}

}  // namespace holdfast::load
