#include "load/result/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace holdfast::load {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// From nanoseconds to an hour, as many of each order of magnitude.
std::vector<std::int64_t> RandomValues(std::mt19937_64& random, std::size_t count) {
    std::uniform_real_distribution<double> exponent(0, std::log(3.6e12));
    std::vector<std::int64_t> values(count);
    for (auto& value : values) value = static_cast<std::int64_t>(std::exp(exponent(random)));
    return values;
}

Histogram Recorded(const std::vector<std::int64_t>& values) {
    Histogram histogram;
    for (const auto value : values) histogram.Record(Duration(value));
    return histogram;
}

/// The nearest-rank definition, on the sorted values themselves.
std::int64_t Exact(const std::vector<std::int64_t>& sorted, double quantile) {
    const auto rank = static_cast<std::size_t>(
        std::ceil(quantile * static_cast<double>(sorted.size()) * (1 - 1e-12)));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

std::string Bytes(const Histogram& histogram) {
    std::string bytes;
    histogram.AppendTo(bytes);
    return bytes;
}

TEST(HistogramTest, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    for (const double quantile : {0.0, 0.5, 1.0}) EXPECT_EQ(histogram.At(quantile), Duration{});
    EXPECT_EQ(histogram.Mean(), Duration{});
    EXPECT_EQ(histogram.StandardDeviation(), Duration{});
    EXPECT_TRUE(histogram.Buckets().empty());
}

TEST(HistogramTest, EveryQuantileIsWithinOneHundredTwentyEighthOfTheSortedValues) {
    std::mt19937_64 random(7);
    for (const std::size_t size : {1U, 2U, 3U, 10U, 99U, 100U, 101U, 1000U, 20'000U}) {
        auto values = RandomValues(random, size);
        const Histogram histogram = Recorded(values);
        std::sort(values.begin(), values.end());
        for (const double quantile :
             {0.0, 1e-9, 0.001, 0.07, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
            const auto exact = static_cast<double>(Exact(values, quantile));
            const auto measured = static_cast<double>(histogram.At(quantile).count());
            EXPECT_GE(measured, exact) << size << " values, quantile " << quantile;
            EXPECT_LE(measured, exact * (1 + 1.0 / 128)) << size << ", quantile " << quantile;
        }
        EXPECT_EQ(histogram.min().count(), values.front());
        EXPECT_EQ(histogram.max().count(), values.back());
    }
}

TEST(HistogramTest, EveryBucketEndsWithinOneHundredTwentyEighthAboveItsValues) {
    for (std::uint64_t value = 1; value < 3'600'000'000'000; value += 1 + value / 37) {
        for (const std::uint64_t near : {value - 1, value, value + 1}) {
            Histogram histogram;
            histogram.Record(Duration(static_cast<std::int64_t>(near)));
            const auto upto = static_cast<std::uint64_t>(histogram.Buckets().front().upto.count());
            ASSERT_GE(upto, near);
            ASSERT_LE((upto - near) * 128, near);
        }
    }
}

TEST(HistogramTest, MeanAndDeviationAreCloseToThoseOfTheValues) {
    std::mt19937_64 random(11);
    std::lognormal_distribution<double> latency(std::log(4e6), 0.8);
    std::vector<std::int64_t> values(5000);
    double sum = 0;
    for (auto& value : values) {
        value = static_cast<std::int64_t>(latency(random));
        sum += static_cast<double>(value);
    }
    const double mean = sum / 5000;
    double squares = 0;
    for (const auto value : values) squares += std::pow(static_cast<double>(value) - mean, 2);
    const Histogram histogram = Recorded(values);
    EXPECT_NEAR(static_cast<double>(histogram.Mean().count()), mean, mean / 256);
    EXPECT_NEAR(static_cast<double>(histogram.StandardDeviation().count()),
                std::sqrt(squares / 5000), mean / 64);
}

TEST(HistogramTest, ValuesOutsideItsRangeCountAtItsEnds) {
    Histogram histogram;
    histogram.Record(milliseconds(-5));
    histogram.Record(hours(30));
    EXPECT_EQ(histogram.min(), Duration{});
    EXPECT_EQ(histogram.max(), Histogram::kLongest);
    EXPECT_EQ(histogram.At(0.5), Duration{});
    EXPECT_EQ(histogram.At(0.51), Histogram::kLongest);
    histogram.Record(milliseconds(1), 0);
    EXPECT_EQ(histogram.count(), 2U);
}

TEST(HistogramTest, MergingIsTheSameAsRecordingAllInOne) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 20; ++round) {
        const auto left = RandomValues(random, random() % 300);
        const auto right = RandomValues(random, random() % 300);
        auto both = left;
        both.insert(both.end(), right.begin(), right.end());
        const Histogram all = Recorded(both);

        Histogram merged = Recorded(left);
        Histogram other = Recorded(right);
        merged.Merge(other);
        EXPECT_EQ(merged, all);

        merged = Recorded(left);
        merged.Pack();
        other.Pack();
        merged.Merge(other);
        EXPECT_EQ(merged, all);
    }
}

TEST(HistogramTest, MergedWithItselfItCountsTwice) {
    Histogram histogram = Recorded({1, 1000, 1'000'000});
    histogram.Pack();
    histogram.Merge(histogram);
    EXPECT_EQ(histogram, Recorded({1, 1, 1000, 1000, 1'000'000, 1'000'000}));
}

TEST(HistogramTest, PackedItAnswersTheSameAndGoesOnRecording) {
    std::mt19937_64 random(5);
    const auto values = RandomValues(random, 4000);
    const Histogram loose = Recorded(values);
    Histogram packed = loose;
    packed.Pack();
    EXPECT_EQ(packed.Buckets(), loose.Buckets());
    EXPECT_EQ(packed.At(0.99), loose.At(0.99));
    EXPECT_EQ(packed.Mean(), loose.Mean());
    EXPECT_EQ(Bytes(packed), Bytes(loose));
    packed.Record(milliseconds(3), 2);
    EXPECT_EQ(packed.count(), 4002U);
    packed.Clear();
    EXPECT_EQ(packed, Histogram());
    packed.Record(milliseconds(3));
    EXPECT_EQ(packed, Recorded({3'000'000}));
}

TEST(HistogramTest, CountsUpToAValueByWholeBuckets) {
    const Histogram histogram = Recorded({10, 20, 20, 1'000'000, 2'000'000});
    EXPECT_EQ(histogram.CountUpTo(Duration(9)), 0U);
    EXPECT_EQ(histogram.CountUpTo(Duration(20)), 3U);
    EXPECT_EQ(histogram.CountUpTo(Duration(990'000)), 3U);
    EXPECT_EQ(histogram.CountUpTo(milliseconds(1)), 4U);
    EXPECT_EQ(histogram.CountUpTo(milliseconds(2)), 5U);
}

TEST(HistogramTest, WhatItAppendsItTakesBack) {
    std::mt19937_64 random(13);
    for (int round = 0; round < 30; ++round) {
        const Histogram histogram = Recorded(RandomValues(random, random() % 500));
        const std::string bytes = Bytes(histogram) + "rest";
        std::string_view from = bytes;
        Histogram taken;
        ASSERT_TRUE(Histogram::Take(from, taken));
        EXPECT_EQ(from, "rest");
        EXPECT_EQ(taken, histogram);
    }
}

TEST(HistogramTest, BytesThatAreCutOrContradictThemselvesAreNoHistogram) {
    const std::string whole = Bytes(Recorded({3, 70, 5000, 5000, 123'456'789}));
    Histogram taken;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::string_view cut = std::string_view(whole).substr(0, size);
        EXPECT_FALSE(Histogram::Take(cut, taken)) << size;
    }
    using namespace std::string_view_literals;
    for (
        std::string_view bytes : {
            "\x01\x05\x04\x05\x01"sv,              // min above max
            "\x01\x05\x05\x05\x00"sv,              // a bucket in use without a value
            "\x01\x05\x05\x06\x01"sv,              // the first bucket is not the minimum's
            "\x02\x05\x09\x05\x01\x00\x01"sv,      // the last bucket is not the maximum's
            "\x01\x85\x00\x05\x05\x01"sv,          // a number longer than it need be
            "\x01\x80\x02\x81\x02\x80\x02\x01"sv,  // one value that is two
            "\x01\x05\x05\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,  // 2^64 - 1 values
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\x01"sv,          // as many buckets
            "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x05\x01"sv,
        }) {
        EXPECT_FALSE(Histogram::Take(bytes, taken));
    }
}

}  // namespace
}  // namespace holdfast::load
