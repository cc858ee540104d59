#include "load/run/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/run/exit_code.h"

namespace holdfast::load {
namespace {

using std::chrono::seconds;

LoadProfile File() {
    LoadProfile file;
    file.stages = {{.from = 200, .to = 200, .length = seconds(30)}};
    return file;
}

TEST(DecideLoad, WithoutOptionsIsTheFlowsOwn) {
    const LoadProfile load = DecideLoad(File(), {});
    EXPECT_EQ(load.mode, LoadMode::kOpen);
    ASSERT_EQ(load.stages.size(), 1U);
    EXPECT_EQ(load.stages[0].to, 200);
    EXPECT_EQ(load.Length(), seconds(30));
}

TEST(DecideLoad, ARateKeepsTheFlowsLengthUnlessItIsGiven) {
    RunOptions options;
    options.rate = 5000;
    EXPECT_EQ(DecideLoad(File(), options).Length(), seconds(30));
    EXPECT_EQ(DecideLoad({}, options).Length(), seconds(60));
    options.duration = seconds(5);
    const LoadProfile load = DecideLoad(File(), options);
    EXPECT_EQ(load.Length(), seconds(5));
    EXPECT_EQ(load.stages[0].from, 5000);
}

TEST(DecideLoad, ADurationAloneStretchesOneStageOnly) {
    RunOptions options;
    options.duration = seconds(5);
    EXPECT_EQ(DecideLoad(File(), options).Length(), seconds(5));
    LoadProfile steps = File();
    steps.stages.push_back(steps.stages[0]);
    EXPECT_THROW(DecideLoad(steps, options), UsageError);
}

TEST(DecideLoad, AClosedLoopHasAConnectionForEachUser) {
    RunOptions options;
    options.closed = true;
    options.users = 300;
    const LoadProfile load = DecideLoad(File(), options);
    EXPECT_EQ(load.mode, LoadMode::kClosed);
    EXPECT_EQ(load.users, 300U);
    EXPECT_EQ(load.connections, 300U);
    EXPECT_EQ(load.Length(), seconds(30));
    options.connections = 10;
    EXPECT_EQ(DecideLoad(File(), options).connections, 10U);
    options.closed = false;
    EXPECT_THROW(DecideLoad(File(), options), UsageError) << "users of an open loop";
}

TEST(DecideLoad, ASearchHasBoundsAndTheLengthOfAProbe) {
    RunOptions options;
    options.find_limit = {100, 5000};
    options.probe = seconds(3);
    const LoadProfile load = DecideLoad(File(), options);
    EXPECT_EQ(load.mode, LoadMode::kFindLimit);
    EXPECT_EQ(load.find_limit.lowest, 100);
    EXPECT_EQ(load.find_limit.probe, seconds(3));
    options.duration = seconds(9);
    EXPECT_THROW(DecideLoad(File(), options), UsageError);
}

TEST(DecideLoad, SomethingIsLeftToMeasure) {
    RunOptions options;
    EXPECT_THROW(DecideLoad({}, options), UsageError) << "no load at all";
    options.warm_up = seconds(30);
    EXPECT_THROW(DecideLoad(File(), options), UsageError);
    options.warm_up = seconds(29);
    EXPECT_EQ(DecideLoad(File(), options).warm_up, seconds(29));
}

TEST(DecideLoad, NothingLastsLongerThanAYear) {
    RunOptions options;
    options.duration = LoadProfile::kLongest;
    EXPECT_EQ(DecideLoad(File(), options).Length(), LoadProfile::kLongest);
    *options.duration += seconds(1);
    EXPECT_THROW(DecideLoad(File(), options), UsageError);
}

TEST(DecideThresholds, AreTheFlowsAndTheCommandLines) {
    Flow flow;
    flow.steps = {{.name = "create", .method = "POST"}};
    flow.thresholds = {ParseThreshold("lost==0")};
    RunOptions options;
    options.thresholds = {"step.create.p99<250ms"};
    EXPECT_EQ(DecideThresholds(flow, options).size(), 2U);
    for (const char* wrong : {"p99", "p99<250", "step.read.p99<250ms", "speed>1"}) {
        options.thresholds = {wrong};
        EXPECT_THROW(DecideThresholds(flow, options), UsageError) << wrong;
    }
}

TEST(DecideProcesses, AreAsFewAsTheDescriptorsAllow) {
    LoadProfile load;
    load.connections = 15'000;
    EXPECT_EQ(DecideProcesses(load, std::nullopt, 20'000), 1U);
    EXPECT_EQ(DecideProcesses(load, std::nullopt, 10'000), 2U);
    EXPECT_EQ(DecideProcesses(load, 4, 10'000), 4U);
    EXPECT_THROW(DecideProcesses(load, 1, 10'000), UsageError);
    load.connections = 3;
    EXPECT_THROW(DecideProcesses(load, 4, 10'000), UsageError);
}

}  // namespace
}  // namespace holdfast::load
