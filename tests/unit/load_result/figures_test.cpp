#include "load/result/figures.h"

#include <gtest/gtest.h>

#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;

TEST(FiguresTest, TheWarmUpIsLeftOut) {
    const Figures figures = Measure(MakeResult());
    EXPECT_DOUBLE_EQ(figures.seconds, 8);
    EXPECT_EQ(figures.all.sent, 8U * 200);
    EXPECT_EQ(figures.all.Good(), 8U * 200);
    EXPECT_DOUBLE_EQ(figures.all.AnsweredRate(), 200);
    EXPECT_EQ(figures.slip.count(), 1600U);
    EXPECT_DOUBLE_EQ(figures.cpu_cores, 0.25);
    EXPECT_EQ(figures.most_in_flight, 4U);
}

TEST(FiguresTest, APartOfASecondOfWarmUpTakesTheWholeSecond) {
    Result result = MakeResult();
    result.load.warm_up = milliseconds(2100);
    EXPECT_EQ(MeasuredSpan(result).from, 3U);
    EXPECT_EQ(Measure(result).all.sent, 7U * 200);
}

TEST(FiguresTest, EachStepHasItsOwnAndAllHasTheSum) {
    const Figures figures = Measure(MakeResult());
    ASSERT_EQ(figures.steps.size(), 2U);
    EXPECT_EQ(figures.steps[0].name, "create");
    EXPECT_EQ(figures.steps[1].latency.max(), milliseconds(2));
    EXPECT_EQ(figures.steps[0].latency.At(0.95), milliseconds(100));
    EXPECT_NEAR(static_cast<double>(figures.all.latency.At(0.95).count()), 10e6, 10e6 / 128);
    EXPECT_EQ(figures.all.statuses.at(201), 1600U);
}

TEST(FiguresTest, ErrorsAreCountedByKindAndTheLostApart) {
    Result result = MakeResult();
    AddBad(result.intervals[5].steps[0], ErrorKind::kTimeout, 3, milliseconds(500));
    AddBad(result.intervals[6].steps[0], ErrorKind::kDisconnected, 2, milliseconds(5));
    AddBad(result.intervals[6].steps[1], ErrorKind::kStatus, 15, milliseconds(5));
    const Figures figures = Measure(result);
    EXPECT_EQ(figures.all.Errors(), 20U);
    EXPECT_EQ(figures.all.Lost(), 5U);
    EXPECT_EQ(figures.all.Of(ErrorKind::kStatus), 15U);
    EXPECT_DOUBLE_EQ(figures.all.ErrorRate(), 20.0 / 1620);
    EXPECT_EQ(figures.steps[1].Lost(), 0U);
}

TEST(FiguresTest, AnswersInTheDrainCountButItsTimeDoesNot) {
    Result result = MakeResult();
    Interval drain;
    drain.second = 10;
    drain.steps.resize(2);
    AddGood(drain.steps[0], 80, milliseconds(900));
    for (StepInterval& step : drain.steps) step.sent = 0;
    result.intervals.push_back(drain);
    const Figures figures = Measure(result);
    EXPECT_DOUBLE_EQ(figures.seconds, 8);
    EXPECT_EQ(figures.all.answered, 1680U);
    EXPECT_EQ(figures.all.sent, 1600U);
}

TEST(FiguresTest, AnInterruptedRunIsAsLongAsItSent) {
    Result result = MakeResult(6);
    result.load.stages.front().length = std::chrono::seconds(60);
    EXPECT_DOUBLE_EQ(Measure(result).seconds, 58);
    result.interrupted = true;
    EXPECT_DOUBLE_EQ(Measure(result).seconds, 4);
}

TEST(FiguresTest, ARunWithoutIntervalsHasZeros) {
    Result result;
    result.steps = {"create"};
    const Figures figures = Measure(result);
    EXPECT_EQ(figures.all.sent, 0U);
    EXPECT_EQ(figures.all.SentRate(), 0);
    EXPECT_EQ(figures.all.ErrorRate(), 0);
    EXPECT_EQ(figures.all.BlockedShare(), 0);
    EXPECT_EQ(figures.cpu_cores, 0);
}

TEST(FiguresTest, ASpanCanBeMeasuredAlone) {
    const Figures figures = Measure(MakeResult(), Span{3, 5});
    EXPECT_DOUBLE_EQ(figures.seconds, 2);
    EXPECT_EQ(figures.all.sent, 400U);
    EXPECT_DOUBLE_EQ(figures.all.SentRate(), 200);
}

TEST(FiguresTest, TheBlockedShareIsOfTheLatency) {
    EXPECT_NEAR(Measure(MakeResult()).all.BlockedShare(), 0.25, 0.01);
}

TEST(FiguresTest, TheCpuIsThatOfOneProcess) {
    Result result = MakeResult();
    result.processes = 2;
    EXPECT_DOUBLE_EQ(Measure(result).cpu_cores, 0.125);
}

TEST(FiguresTest, CpuTimesThatAddUpToCenturiesAreNoTrouble) {
    Result result = MakeResult(1000);
    for (Interval& interval : result.intervals) interval.cpu = LoadProfile::kLongest;
    EXPECT_DOUBLE_EQ(Measure(result).cpu_cores, 366.0 * 24 * 3600);
}

}  // namespace
}  // namespace holdfast::load
