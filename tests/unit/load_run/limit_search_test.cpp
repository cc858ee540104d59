#include "load/run/limit_search.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace holdfast::load {
namespace {

struct Search {
    std::vector<double> probed;
    std::optional<double> limit;
    bool above_highest = false;
};

/// Searches against a system that passes at the rates for which `passes` says so.
Search Probe(double lowest, double highest, double precision,
             const std::function<bool(double)>& passes) {
    LimitSearch search(lowest, highest, precision);
    Search result;
    while (const auto rate = search.Next()) {
        result.probed.push_back(*rate);
        search.Tell(*rate, passes(*rate));
        if (result.probed.size() > 100) break;
    }
    result.limit = search.limit();
    result.above_highest = search.AboveHighest();
    return result;
}

TEST(LimitSearch, FindsTheLimitWithinItsPrecisionWhereverItLies) {
    for (const double truth : {101.0, 150.0, 999.0, 1000.0, 5432.1, 77'777.0, 99'000.0}) {
        const Search search =
            Probe(100, 100'000, 0.05, [truth](double rate) { return rate <= truth; });
        ASSERT_TRUE(search.limit) << truth;
        EXPECT_LE(*search.limit, truth);
        EXPECT_GE(*search.limit * 1.05 + 1, truth);
        EXPECT_LE(search.probed.size(), 11U) << truth;
    }
}

TEST(LimitSearch, NeverAsksAgainWhereItKnows) {
    const double truth = 4000;
    double passed = 0;
    double failed = 1e9;
    Probe(100, 100'000, 0.01, [&](double rate) {
        EXPECT_GT(rate, passed);
        EXPECT_LT(rate, failed);
        (rate <= truth ? passed : failed) = rate;
        return rate <= truth;
    });
}

TEST(LimitSearch, ASystemThatPassesNothingHasNoLimit) {
    const Search search = Probe(100, 1000, 0.05, [](double) { return false; });
    EXPECT_FALSE(search.limit);
    EXPECT_EQ(search.probed.back(), 100) << "the lowest rate itself was tried";
}

TEST(LimitSearch, ASystemThatPassesEverythingHasItsLimitAtOrAboveTheHighest) {
    const Search search = Probe(100, 1000, 0.05, [](double) { return true; });
    EXPECT_EQ(search.limit, 1000);
    EXPECT_TRUE(search.above_highest);
    EXPECT_EQ(search.probed.back(), 1000);
}

TEST(LimitSearch, OneRateIsOneProbe) {
    const Search search = Probe(500, 500, 0.05, [](double) { return true; });
    EXPECT_EQ(search.probed, std::vector<double>{500});
    EXPECT_EQ(search.limit, 500);
    EXPECT_FALSE(Probe(500, 500, 0.05, [](double) { return false; }).limit);
}

TEST(LimitSearch, ASystemThatChangesItsMindStillEndsTheSearch) {
    int calls = 0;
    const Search search = Probe(1, 1'000'000, 0.001, [&](double) { return ++calls % 2 == 0; });
    EXPECT_LE(search.probed.size(), 20U);
}

}  // namespace
}  // namespace holdfast::load
