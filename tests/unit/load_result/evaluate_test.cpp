#include "load/result/evaluate.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;
using Compare = Threshold::Compare;
using testing::HasSubstr;

TEST(EvaluateTest, ComparesWithTheBoundInItsUnit) {
    const Figures figures = Measure(MakeResult());
    EXPECT_TRUE(Evaluate(MakeThreshold("p99", Compare::kLess, 0.250), figures).passed);
    EXPECT_FALSE(Evaluate(MakeThreshold("p99", Compare::kLess, 0.090), figures).passed);
    EXPECT_NEAR(Evaluate(MakeThreshold("p99", Compare::kLess, 1), figures).measured, 0.1, 0.001);
    EXPECT_TRUE(Evaluate(MakeThreshold("lost", Compare::kEqual, 0), figures).passed);
    EXPECT_TRUE(Evaluate(MakeThreshold("rate", Compare::kGreaterEqual, 200), figures).passed);
    EXPECT_FALSE(Evaluate(MakeThreshold("rate", Compare::kGreater, 200), figures).passed);
    EXPECT_TRUE(Evaluate(MakeThreshold("rate", Compare::kLessEqual, 200), figures).passed);
    EXPECT_TRUE(Evaluate(MakeThreshold("cpu", Compare::kLess, 0.3), figures).passed);
}

TEST(EvaluateTest, AStepsThresholdSeesThatStepOnly) {
    const Figures figures = Measure(MakeResult());
    EXPECT_TRUE(Evaluate(MakeThreshold("p95", Compare::kLess, 0.005, "read"), figures).passed);
    EXPECT_FALSE(Evaluate(MakeThreshold("p95", Compare::kLess, 0.005, "create"), figures).passed);
}

TEST(EvaluateTest, ErrorKindsAndRatesAreFigures) {
    Result result = MakeResult();
    AddBad(result.intervals[4].steps[0], ErrorKind::kCrossed, 1, milliseconds(4));
    const Figures figures = Measure(result);
    EXPECT_EQ(Evaluate(MakeThreshold("crossed", Compare::kEqual, 0), figures).measured, 1);
    EXPECT_FALSE(Evaluate(MakeThreshold("error_rate", Compare::kLess, 0.0005), figures).passed);
    EXPECT_TRUE(Evaluate(MakeThreshold("error_rate", Compare::kLess, 0.001), figures).passed);
}

TEST(EvaluateTest, APercentileOfNothingDoesNotPass) {
    Result result;
    result.steps = {"create"};
    for (const char* figure : {"p99", "mean", "max", "good.p50", "error_rate"}) {
        const auto evaluated = Evaluate(MakeThreshold(figure, Compare::kLess, 10), Measure(result));
        EXPECT_TRUE(evaluated.no_data) << figure;
        EXPECT_FALSE(evaluated.passed) << figure;
    }
    EXPECT_TRUE(Evaluate(MakeThreshold("lost", Compare::kEqual, 0), Measure(result)).passed);
}

TEST(EvaluateTest, UnknownFiguresAndStepsAreRefusedWithWhatThereIs) {
    const Figures figures = Measure(MakeResult());
    try {
        Evaluate(MakeThreshold("p95", Compare::kLess, 1, "pay"), figures);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_THAT(error.what(), HasSubstr("no step \"pay\" (it has: create, read)"));
    }
    try {
        Evaluate(MakeThreshold("latency", Compare::kLess, 1), figures);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_THAT(error.what(), HasSubstr("no figure is called \"latency\""));
    }
}

TEST(EvaluateTest, FiguresAreKnownByName) {
    for (const char* figure :
         {"p50", "p99.99", "p1", "mean", "max", "good.p99", "service.max", "blocked.p90",
          "slip.p50", "sent", "errors", "error_rate", "lost", "rate", "cpu", "timeout", "unsent"}) {
        EXPECT_TRUE(IsFigure(figure)) << figure;
    }
    for (const char* figure : {"", "p", "p0", "p100", "p-5", "p99x", "p1e1", "none", "good.", "P99",
                               ".p99", "bad.p99", "good.lost", "p99 ", "pnan", "pinf"}) {
        EXPECT_FALSE(IsFigure(figure)) << figure;
    }
}

TEST(AssessTest, ABusyGeneratorIsTheBottleneck) {
    Figures figures = Measure(MakeResult());
    EXPECT_FALSE(Assess(figures).bottleneck);
    EXPECT_TRUE(Assess(figures).sentence.empty());
    figures.cpu_cores = 0.93;
    EXPECT_TRUE(Assess(figures).bottleneck);
    EXPECT_THAT(Assess(figures).sentence, HasSubstr("93 % of a core"));
}

TEST(AssessTest, AGeneratorThatWakesLateIsTheBottleneckWhenTheLatencyIsNotMuchLarger) {
    Figures figures = Measure(MakeResult());
    figures.slip.Record(milliseconds(8), 100);
    EXPECT_FALSE(Assess(figures).bottleneck) << "8 ms beside 100 ms";
    figures.slip.Record(milliseconds(40), 100);
    EXPECT_TRUE(Assess(figures).bottleneck);
    EXPECT_THAT(Assess(figures).sentence, HasSubstr("40."));
}

TEST(ConcludeTest, FillsInThresholdsAndTheWarning) {
    Result result = MakeResult();
    for (Interval& interval : result.intervals) interval.cpu = milliseconds(990);
    Conclude(result, {MakeThreshold("p99", Compare::kLess, 0.05)});
    ASSERT_EQ(result.thresholds.size(), 1U);
    EXPECT_FALSE(result.thresholds.front().passed);
    EXPECT_TRUE(result.generator_was_bottleneck);
    ASSERT_EQ(result.warnings.size(), 1U);
}

}  // namespace
}  // namespace holdfast::load
