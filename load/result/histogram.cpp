#include "load/result/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "load/result/varint.h"

namespace holdfast::load {
namespace {

// Each power of two is cut into 128 equal buckets; below 256 ns each value has its own.
constexpr unsigned kSubBits = 7;
constexpr std::uint64_t kSub = 1U << kSubBits;

constexpr std::size_t IndexOf(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > kSubBits + 1 ? width - kSubBits - 1 : 0;
    return static_cast<std::size_t>(shift * kSub + (value >> shift));
}

constexpr std::uint64_t LowerEnd(std::size_t index) {
    if (index < 2 * kSub) return index;
    // No bucket's is more; the analyzer cannot know.
    const std::uint64_t shift = (index / kSub - 1) & 63U;
    return (index - shift * kSub) << shift;
}

constexpr std::uint64_t UpperEnd(std::size_t index) {
    return LowerEnd(index + 1) - 1;
}

constexpr std::uint64_t Clamp(Duration value) {
    return static_cast<std::uint64_t>(
        std::clamp(value, Duration::zero(), Histogram::kLongest).count());
}

constexpr std::size_t kBuckets = IndexOf(Clamp(Histogram::kLongest)) + 1;
// Far from where sums of many histograms would overflow, and exact as a double.
constexpr std::uint64_t kMostTaken = std::uint64_t{1} << 53U;
static_assert(kBuckets * sizeof(std::uint64_t) <= std::size_t{36} << 10U);
static_assert(IndexOf(255) == 255 && IndexOf(256) == 256 && IndexOf(257) == 256);

constexpr Duration Nanoseconds(std::uint64_t value) {
    return Duration(static_cast<Duration::rep>(value));
}

double Middle(std::size_t index) {
    return (static_cast<double>(LowerEnd(index)) + static_cast<double>(UpperEnd(index))) / 2;
}

}  // namespace

// Calls visit(index, count) for the buckets in use, ascending, until it returns false.
template <typename Visit>
void Histogram::ForEach(Visit visit) const {
    if (packed_.empty()) {
        for (std::size_t index = 0; index < counts_.size(); ++index) {
            if (counts_[index] != 0 && !visit(index, counts_[index])) return;
        }
        return;
    }
    std::string_view from = packed_;
    std::uint64_t gap = 0;
    std::uint64_t count = 0;
    for (std::size_t index = 0; TakeVarint(from, gap) && TakeVarint(from, count); ++index) {
        index += static_cast<std::size_t>(gap);
        if (!visit(index, count)) return;
    }
}

void Histogram::Record(Duration value, std::uint64_t count) {
    if (count == 0) return;
    if (!packed_.empty()) Unpack();
    const std::uint64_t clamped = Clamp(value);
    const std::size_t index = IndexOf(clamped);
    if (index >= counts_.size()) counts_.resize(index + 1);
    counts_[index] += count;
    min_ = count_ == 0 ? Nanoseconds(clamped) : std::min(min_, Nanoseconds(clamped));
    max_ = std::max(max_, Nanoseconds(clamped));
    count_ += count;
}

void Histogram::Merge(const Histogram& other) {
    if (other.count_ == 0) return;
    if (!packed_.empty()) Unpack();
    const std::size_t needed = IndexOf(Clamp(other.max_)) + 1;
    if (needed > counts_.size()) counts_.resize(needed);
    other.ForEach([this](std::size_t index, std::uint64_t count) {
        counts_[index] += count;
        return true;
    });
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    count_ += other.count_;
}

void Histogram::Clear() {
    std::fill(counts_.begin(), counts_.end(), 0);
    packed_.clear();
    count_ = 0;
    min_ = max_ = Duration::zero();
}

void Histogram::Pack() {
    if (!packed_.empty()) return;
    std::size_t next = 0;
    ForEach([&](std::size_t index, std::uint64_t count) {
        AppendVarint(packed_, index - next);
        AppendVarint(packed_, count);
        next = index + 1;
        return true;
    });
    packed_.shrink_to_fit();
    std::vector<std::uint64_t>().swap(counts_);
}

void Histogram::Unpack() {
    std::vector<std::uint64_t> counts(IndexOf(Clamp(max_)) + 1);
    ForEach([&](std::size_t index, std::uint64_t count) {
        counts[index] = count;
        return true;
    });
    counts_ = std::move(counts);
    std::string().swap(packed_);
}

Duration Histogram::Mean() const {
    if (count_ == 0) return Duration::zero();
    double sum = 0;
    ForEach([&](std::size_t index, std::uint64_t count) {
        sum += Middle(index) * static_cast<double>(count);
        return true;
    });
    const double mean = sum / static_cast<double>(count_);
    return std::clamp(Duration(std::llround(mean)), min_, max_);
}

Duration Histogram::StandardDeviation() const {
    if (count_ == 0) return Duration::zero();
    const auto mean = static_cast<double>(Mean().count());
    double sum = 0;
    ForEach([&](std::size_t index, std::uint64_t count) {
        sum += (Middle(index) - mean) * (Middle(index) - mean) * static_cast<double>(count);
        return true;
    });
    return Duration(std::llround(std::sqrt(sum / static_cast<double>(count_))));
}

Duration Histogram::At(double quantile) const {
    if (count_ == 0) return Duration::zero();
    // 0.07 × 100 is a little more than 7 in binary, and must not ask for the eighth value.
    constexpr double kRounding = 1 - 1e-12;
    const double exact =
        std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_) * kRounding);
    if (exact <= 1) return min_;
    if (exact >= static_cast<double>(count_)) return max_;
    const auto rank = static_cast<std::uint64_t>(exact);
    std::uint64_t seen = 0;
    std::uint64_t found = 0;
    ForEach([&](std::size_t index, std::uint64_t count) {
        seen += count;
        found = UpperEnd(index);
        return seen < rank;
    });
    return std::clamp(Nanoseconds(found), min_, max_);
}

std::uint64_t Histogram::CountUpTo(Duration value) const {
    if (value >= max_) return count_;
    std::uint64_t seen = 0;
    ForEach([&](std::size_t index, std::uint64_t count) {
        if (Nanoseconds(LowerEnd(index)) > value) return false;
        seen += count;
        return true;
    });
    return seen;
}

std::vector<Histogram::Bucket> Histogram::Buckets() const {
    std::vector<Bucket> buckets;
    ForEach([&](std::size_t index, std::uint64_t count) {
        buckets.push_back({Nanoseconds(UpperEnd(index)), count});
        return true;
    });
    return buckets;
}

void Histogram::AppendTo(std::string& bytes) const {
    std::uint64_t used = 0;
    ForEach([&](std::size_t, std::uint64_t) {
        ++used;
        return true;
    });
    AppendVarint(bytes, used);
    if (used == 0) return;
    AppendVarint(bytes, static_cast<std::uint64_t>(min_.count()));
    AppendVarint(bytes, static_cast<std::uint64_t>(max_.count()));
    std::size_t next = 0;
    ForEach([&](std::size_t index, std::uint64_t count) {
        AppendVarint(bytes, index - next);
        AppendVarint(bytes, count);
        next = index + 1;
        return true;
    });
}

bool Histogram::Take(std::string_view& from, Histogram& into) {
    into = Histogram();
    std::uint64_t used = 0;
    if (!TakeVarint(from, used)) return false;
    if (used == 0) return true;
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    if (!TakeVarint(from, min) || !TakeVarint(from, max)) return false;
    if (used > kBuckets || min > max || max > Clamp(kLongest)) return false;

    const std::string_view begin = from;
    std::uint64_t total = 0;
    std::size_t index = 0;
    for (std::uint64_t n = 0; n < used; ++n, ++index) {
        std::uint64_t gap = 0;
        std::uint64_t count = 0;
        if (!TakeVarint(from, gap) || !TakeVarint(from, count)) return false;
        if (gap >= kBuckets || count == 0) return false;
        if (count > kMostTaken - total) return false;
        index += static_cast<std::size_t>(gap);
        if (n == 0 && index != IndexOf(min)) return false;
        if (n + 1 == used && index != IndexOf(max)) return false;
        if (index >= kBuckets) return false;
        total += count;
    }
    // A single value cannot be two.
    if (total == 1 && min != max) return false;
    into.packed_ = begin.substr(0, begin.size() - from.size());
    into.count_ = total;
    into.min_ = Nanoseconds(min);
    into.max_ = Nanoseconds(max);
    return true;
}

bool Histogram::operator==(const Histogram& other) const {
    return count_ == other.count_ && min_ == other.min_ && max_ == other.max_ &&
           Buckets() == other.Buckets();
}

}  // namespace holdfast::load
