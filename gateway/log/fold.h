#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/core/clock.h"

namespace holdfast::gateway::log {

/// Decides which of many equal errors are written: the first, then at most one each interval, with
/// the number of those left out in between. Knows at most `max_keys` errors and kMaxKeyBytes of
/// each key; while that many are known, all others are one (Aeron's DistinctErrorLog is the model).
///
/// Thread: one at a time. No clock of its own; allocates for a key that is new.
class Fold {
  public:
    static constexpr std::size_t kMaxKeyBytes = 128;

    Fold(Duration interval, std::size_t max_keys) : interval_(interval), max_keys_(max_keys) {}

    /// The number of repeats that were left out since this key was last written, when it is to be
    /// written now; nothing when it is to be left out.
    std::optional<std::uint64_t> Admit(std::string_view key, TimePoint now);

    using Report = std::function<void(std::string_view key, std::uint64_t repeats)>;
    /// Forgets keys that were quiet for an interval, and reports the repeats that nobody has told
    /// of.
    void Sweep(TimePoint now, const Report& report);
    /// The same for all keys, quiet or not.
    void SweepAll(const Report& report);

    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        TimePoint written{};
        TimePoint seen{};
        std::uint64_t repeats = 0;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const {
            return std::hash<std::string_view>()(key);
        }
    };

    const Duration interval_;
    const std::size_t max_keys_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

}  // namespace holdfast::gateway::log
