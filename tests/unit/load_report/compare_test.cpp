#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/report/noise.h"
#include "load/report/report.h"
#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

using testing::HasSubstr;
using testing::Not;
using Verdict = Difference::Verdict;

/// A run of `seconds`, each of which is as a whole up to a tenth slower or faster than the others.
Result Noisy(std::uint64_t seed, double slower, std::uint32_t seconds = 40) {
    Result result = MakeResult(seconds);
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (Interval& interval : result.intervals) {
        interval.steps.assign(2, StepInterval());
        const double second = 1 + 0.05 * normal(random);
        for (StepInterval& step : interval.steps) {
            for (int n = 0; n < 200; ++n) {
                const double milliseconds = 4 * slower * second * std::exp(0.4 * normal(random));
                AddGood(step, 1, Duration(std::llround(milliseconds * 1e6)));
            }
        }
    }
    return result;
}

std::array<Difference, kComparedCount> Between(const Result& before, const Result& after) {
    return Differences(Blocks(before, std::nullopt), Blocks(after, std::nullopt));
}

std::string Printed(const Result& before, const Result& after) {
    std::ostringstream out;
    Compare(before, after, out, false);
    return out.str();
}

TEST(CompareTest, TwoRunsOfTheSameAreWithinNoise) {
    int outside = 0;
    int all = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        for (const Difference& difference : Between(Noisy(2 * seed, 1), Noisy(2 * seed + 1, 1))) {
            ++all;
            outside += difference.verdict == Verdict::kLess || difference.verdict == Verdict::kMore;
        }
    }
    // 99 % intervals, of figures that move together.
    EXPECT_LE(outside * 20, all);
}

TEST(CompareTest, ATenthMoreIsToldFromNoise) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        const auto differences = Between(Noisy(2 * seed, 1), Noisy(2 * seed + 1, 1.1));
        EXPECT_EQ(differences[0].verdict, Verdict::kMore);
        EXPECT_NEAR(differences[0].after / differences[0].before, 1.1, 0.04);
        EXPECT_LE(differences[0].lowest, differences[0].after / differences[0].before);
        EXPECT_GE(differences[0].highest, differences[0].after / differences[0].before);
    }
}

TEST(CompareTest, ARunIsTheSameAsItself) {
    for (const Difference& difference : Between(Noisy(1, 1), Noisy(1, 1))) {
        EXPECT_EQ(difference.verdict, Verdict::kSame);
    }
}

TEST(CompareTest, AFewSecondsAreTooShortToTell) {
    for (const Difference& difference : Between(Noisy(1, 1, 9), Noisy(2, 3))) {
        EXPECT_EQ(difference.verdict, Verdict::kTooShort);
    }
    EXPECT_THAT(Printed(Result(), Result()), HasSubstr("too short to tell"));
}

TEST(CompareTest, WhatTheHistogramsCannotTellIsNoise) {
    Result before = MakeResult(30);
    Result after = before;
    for (Interval& interval : after.intervals) {
        interval.steps[0].latency.Clear();
        interval.steps[0].latency.Record(std::chrono::microseconds(10'100), 100);
    }
    const auto differences = Between(before, after);
    EXPECT_EQ(differences[1].verdict, Verdict::kNoise);
}

TEST(CompareTest, ErrorsInOneBlockAreNoiseAndInAllAreNot) {
    const Result before = Noisy(1, 1);
    Result once = Noisy(2, 1);
    AddBad(once.intervals[9].steps[0], ErrorKind::kStatus, 5, Duration(1000));
    Result often = Noisy(2, 1);
    for (Interval& interval : often.intervals) {
        AddBad(interval.steps[0], ErrorKind::kStatus, 5, Duration(1000));
    }
    EXPECT_EQ(Between(before, once)[8].verdict, Verdict::kNoise);
    EXPECT_EQ(Between(before, often)[8].verdict, Verdict::kMore);
}

TEST(CompareTest, ItIsPrintedSideBySideWithRatiosForAllStepsAndEach) {
    const std::string text = Printed(Noisy(1, 1), Noisy(2, 2));
    EXPECT_THAT(text, HasSubstr("all steps\n"));
    EXPECT_THAT(text, HasSubstr("\ncreate\n"));
    EXPECT_THAT(text, HasSubstr("\nread\n"));
    EXPECT_THAT(text, HasSubstr("worse"));
    EXPECT_THAT(text, HasSubstr("the same"));
    EXPECT_THAT(text, Not(HasSubstr("warning")));
    EXPECT_EQ(text, Printed(Noisy(1, 1), Noisy(2, 2)));
}

TEST(CompareTest, ItWarnsWhenMoreThanTheServerDiffers) {
    const Result before = Noisy(1, 1);
    Result after = before;
    after.flow = "mixed\x1b[2J";
    after.machine = "another";
    after.load.stages.front().to = 300;
    after.generator_was_bottleneck = true;
    after.interrupted = true;
    after.marks = {{3, "kill", false}};
    const std::string text = Printed(before, after);
    for (const char* warning : {"the flows differ: order-create | mixed?[2J", "the machines differ",
                                "the loads differ", "in B the generator itself was the bottleneck",
                                "B was interrupted", "B had trouble made on purpose"}) {
        EXPECT_THAT(text, HasSubstr(warning));
    }
    EXPECT_THAT(text, Not(HasSubstr("in A the generator")));
}

TEST(CompareTest, LimitsStandBesideEachOther) {
    Result before = Noisy(1, 1);
    before.limit = 700;
    Result after = before;
    after.limit = 840;
    EXPECT_THAT(Printed(before, after), HasSubstr("limit, journeys/s: A 700, B 840, B/A 1.2"));
}

TEST(CompareTest, ARunWhoseLastSecondIsTheLastThereCanBeIsDividedAllTheSame) {
    Result result = MakeResult();
    result.load.stages.clear();  // a search for the limit: its length is that of its intervals
    result.load.mode = LoadMode::kFindLimit;
    result.intervals.back().second = std::numeric_limits<std::uint32_t>::max() - 1;
    EXPECT_TRUE(Blocks(result, std::nullopt).Enough());
}

}  // namespace
}  // namespace holdfast::load
