#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace holdfast::gateway::http {

using WallTime = std::chrono::system_clock::time_point;

/// Sixty-four random bits.
using RandomSource = std::function<std::uint64_t()>;

/// Random bits from the kernel, fetched by the page. Not thread-safe.
class KernelRandom {
  public:
    std::uint64_t operator()();

  private:
    static constexpr std::size_t kWords = 64;
    std::array<std::uint64_t, kWords> words_{};
    std::size_t left_ = 0;
};

/// Makes UUIDs of version 7 (RFC 9562, 5.7): milliseconds since 1970, then random bits. Those of
/// one generator ascend, also within a millisecond and when the wall clock steps back: the random
/// part is then raised by a random amount (6.2, method 2). Not thread-safe: one for each loop.
class Uuid7Generator {
  public:
    explicit Uuid7Generator(RandomSource random) : random_(std::move(random)) {}

    /// Lower-case, with hyphens: 36 characters.
    std::string Next(WallTime now);

  private:
    RandomSource random_;
    std::uint64_t milliseconds_ = 0;
    std::uint32_t high_ = 0;  ///< 12 bits: rand_a
    std::uint64_t low_ = 0;   ///< 62 bits: rand_b
};

/// RFC 3339 in UTC with milliseconds: 2026-01-31T23:59:59.999Z.
std::string FormatTime(WallTime time);

}  // namespace holdfast::gateway::http
