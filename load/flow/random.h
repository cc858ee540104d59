#pragma once

#include <cmath>
#include <cstdint>

namespace holdfast::load {

/// Steele, Lea and Flood's SplitMix64: the same numbers on every machine, and a new state costs
/// nothing, so that each journey has one of its own. Not for secrets.
class Random {
  public:
    explicit Random(std::uint64_t seed = 0) : state_(seed) {}
    /// One of many independent sequences of a seed.
    Random(std::uint64_t seed, std::uint64_t sequence) : state_(seed) {
        state_ = Next() ^ (sequence * 0xD1342543DE82EF95ULL);
        state_ = Next();
    }

    std::uint64_t Next() {
        std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15ULL);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
        return mixed ^ (mixed >> 31);
    }

    /// 0 to `bound` - 1; `bound` is not zero. The bias is below bound / 2^64.
    std::uint64_t Below(std::uint64_t bound) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
    }
    /// Both ends are included.
    std::int64_t Between(std::int64_t low, std::int64_t high) {
        const std::uint64_t span =
            static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
        const std::uint64_t offset = span == 0 ? Next() : Below(span);
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
    }
    /// 0 to below 1.
    double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
    /// Exponentially distributed with mean 1.
    double Exponential() { return -std::log1p(-Unit()); }

  private:
    std::uint64_t state_;
};

}  // namespace holdfast::load
