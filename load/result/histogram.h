#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/result/clock.h"

namespace holdfast::load {

/// Durations from 0 to an hour, each recorded within 1/128 of its value (log-linear buckets, as in
/// Gil Tene's HdrHistogram); longer ones count as an hour, negative ones as zero. Grows to the
/// largest value seen, at most 36 KiB; packed, to two or three bytes for each bucket in use.
/// Merging is exact: the same buckets as if all had been recorded in one. Thread: one at a time.
class Histogram {
  public:
    static constexpr Duration kLongest = std::chrono::hours(1);

    /// O(1), no allocation once a value as large was seen.
    void Record(Duration value, std::uint64_t count = 1);
    void Merge(const Histogram& other);
    /// Forgets the values, keeps the memory.
    void Clear();
    /// Keeps it in the compact form of AppendTo from now on, until something is recorded in it or
    /// merged into it: for those that are stored.
    void Pack();

    std::uint64_t count() const { return count_; }
    /// Exact; zero when empty.
    Duration min() const { return min_; }
    Duration max() const { return max_; }
    /// Within 1/256; zero when empty.
    Duration Mean() const;
    Duration StandardDeviation() const;
    /// The smallest value that at least `quantile` (0 to 1) of all values do not exceed: at most
    /// 1/128 above it, never above max(). Zero when empty.
    Duration At(double quantile) const;
    /// How many values lie in a bucket that begins at `value` or below: up to 1/128 above it.
    std::uint64_t CountUpTo(Duration value) const;

    /// (upper end of a bucket, its count), ascending, the empty ones left out.
    struct Bucket {
        Duration upto;
        std::uint64_t count;
        bool operator==(const Bucket&) const = default;
    };
    std::vector<Bucket> Buckets() const;

    /// A compact form: varints of (buckets in use, min, max, then for each a gap and a count).
    /// Append/Take are inverse; Take returns false when the bytes are no histogram, and leaves
    /// `from` where it failed. What was taken is packed.
    void AppendTo(std::string& bytes) const;
    static bool Take(std::string_view& from, Histogram& into);

    /// The same values, however they are kept.
    bool operator==(const Histogram& other) const;

  private:
    template <typename Visit>
    void ForEach(Visit visit) const;
    void Unpack();

    std::vector<std::uint64_t> counts_;  // by bucket; empty while packed
    std::string packed_;                 // (gap, count) of each bucket in use
    std::uint64_t count_ = 0;
    Duration min_{};
    Duration max_{};
};

}  // namespace holdfast::load
