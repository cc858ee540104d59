#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/result/clock.h"

namespace holdfast::load {

/// Durations from 1 ns to an hour, each recorded within 1/128 of its value (log-linear buckets, as
/// in Gil Tene's HdrHistogram); longer ones count as the longest. Grows to the largest value seen,
/// at most 32 KiB. Thread: one at a time.
class Histogram {
  public:
    /// O(1), no allocation once a value as large was seen.
    void Record(Duration value, std::uint64_t count = 1);
    void Merge(const Histogram& other);
    void Clear();

    std::uint64_t count() const { return count_; }
    Duration min() const;
    Duration max() const;
    Duration Mean() const;
    Duration StandardDeviation() const;
    /// The smallest recorded value that at least `quantile` (0 to 1) of all values do not exceed,
    /// zero when empty.
    Duration At(double quantile) const;

    /// (upper end of a bucket, its count), ascending, the empty ones left out.
    struct Bucket {
        Duration upto;
        std::uint64_t count;
    };
    std::vector<Bucket> Buckets() const;

    /// A compact form: varints of (gap, count). Append/Take are inverse; Take returns false when
    /// the bytes are no histogram, and leaves `from` where it failed.
    void AppendTo(std::string& bytes) const;
    static bool Take(std::string_view& from, Histogram& into);

  private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    Duration min_{};
    Duration max_{};
};

}  // namespace holdfast::load
