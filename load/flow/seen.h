#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::load {

/// Remembers values that must not come twice, by a 64-bit hash. At most the last 4 to 8 million,
/// 128 MiB: older ones are forgotten. The chance that any of 8 million different values is taken
/// for another is about 1 in 500,000. Thread: one.
class Seen {
  public:
    explicit Seen(std::size_t limit = 4'000'000) : limit_(limit) {}

    /// False when it was there already.
    bool Add(std::string_view value);

  private:
    /// Open addressing; zero is an empty place.
    struct Set {
        std::vector<std::uint64_t> places;
        std::size_t count = 0;

        bool Has(std::uint64_t hash) const;
        void Insert(std::uint64_t hash);
    };

    std::size_t limit_;
    Set current_;
    Set before_;
};

}  // namespace holdfast::load
