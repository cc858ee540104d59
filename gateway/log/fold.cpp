#include "gateway/log/fold.h"

namespace holdfast::gateway::log {
namespace {

constexpr std::string_view kOthers = "(other errors)";

}  // namespace

std::optional<std::uint64_t> Fold::Admit(std::string_view key, TimePoint now) {
    key = key.substr(0, kMaxKeyBytes);
    auto found = entries_.find(key);
    if (found == entries_.end() && entries_.size() >= max_keys_) {
        key = kOthers;
        found = entries_.find(key);
    }
    if (found == entries_.end()) {
        entries_.emplace(std::string(key), Entry{now, now, 0});
        return 0;
    }
    Entry& entry = found->second;
    entry.seen = now;
    if (now - entry.written < interval_) {
        ++entry.repeats;
        return std::nullopt;
    }
    const std::uint64_t repeats = entry.repeats;
    entry = {now, now, 0};
    return repeats;
}

void Fold::Sweep(TimePoint now, const Report& report) {
    std::erase_if(entries_, [&](const auto& item) {
        const auto& [key, entry] = item;
        if (now - entry.seen < interval_) return false;
        if (entry.repeats > 0) report(key, entry.repeats);
        return true;
    });
}

void Fold::SweepAll(const Report& report) {
    for (const auto& [key, entry] : entries_) {
        if (entry.repeats > 0) report(key, entry.repeats);
    }
    entries_.clear();
}

}  // namespace holdfast::gateway::log
