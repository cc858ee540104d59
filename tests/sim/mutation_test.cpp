// Does the simulation bite? Each of twelve rules of the product is broken, one at a time, and must
// be found, as the promise that it keeps.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "tests/sim/campaign.h"
#include "tests/sim/mutations.h"

namespace holdfast::sim {
namespace {

/// By far more than the slowest of them needs.
constexpr std::uint64_t kMostWorlds = 500;
constexpr std::uint64_t kFirstSeed = 1;
/// Of a loaded machine; a second is usual.
constexpr std::chrono::seconds kShrinkPatience{60};

/// The first failure with that rule broken; null when there is none.
const Failure* Find(const Mutation& mutation) {
    static std::map<std::string_view, std::optional<Failure>> found;
    const auto [entry, fresh] = found.try_emplace(mutation.name);
    if (fresh) {
        Break(mutation);
        Campaign campaign;
        campaign.seed = kFirstSeed;
        campaign.worlds = kMostWorlds;
        entry->second = RunCampaign(campaign).failure;
        BreakNothing();
    }
    return entry->second ? &*entry->second : nullptr;
}

class SimulationTest : public testing::TestWithParam<Mutation> {
  protected:
    ~SimulationTest() override { BreakNothing(); }
};

TEST_P(SimulationTest, FindsTheBrokenRuleAsThePromiseThatItKeeps) {
    const Failure* failure = Find(GetParam());
    ASSERT_TRUE(failure) << "not found in " << kMostWorlds << " worlds";
    EXPECT_EQ(failure->promise, GetParam().expected) << failure->what;
    std::cout << GetParam().name << ": found in world " << failure->trial.seed - kFirstSeed + 1
              << " at step " << failure->step << ": " << failure->what << '\n';
}

TEST_P(SimulationTest, WithNoRuleBrokenTheSameWorldsKeepEveryPromise) {
    const Failure* failure = Find(GetParam());
    ASSERT_TRUE(failure);
    Campaign campaign;
    campaign.seed = kFirstSeed;
    campaign.worlds = failure->trial.seed - kFirstSeed + 1;
    const auto again = RunCampaign(campaign).failure;
    EXPECT_FALSE(again) << again->what;
}

TEST_P(SimulationTest, ASmallerWorldFailsInTheSameWay) {
    const Failure* failure = Find(GetParam());
    ASSERT_TRUE(failure);
    Break(GetParam());
    const Plan plan = MakePlan(failure->trial.seed);
    const Failure smallest = Shrink(*failure, plan, kShrinkPatience);
    EXPECT_EQ(smallest.promise, failure->promise);
    ASSERT_TRUE(smallest.trial.only);
    EXPECT_LT(smallest.trial.only->size(), plan.actions.size());
    Coverage ignored;
    const auto again = RunTrial(smallest.trial, plan, ignored);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->what, smallest.what);
    EXPECT_EQ(again->step, smallest.step);
}

std::string NameOf(const testing::TestParamInfo<Mutation>& info) {
    std::string name(info.param.name);
    std::erase(name, '-');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Rules, SimulationTest,
                         testing::ValuesIn(Mutations().begin(), Mutations().end()), NameOf);

struct Printed {
    std::string text;
    int status = 0;
};

Printed RunProgram(const std::string& command) {
    Printed printed;
    const auto close = [&](FILE* pipe) { printed.status = pclose(pipe); };
    {
        const std::unique_ptr<FILE, decltype(close)> pipe(popen(command.c_str(), "r"), close);
        std::array<char, 4096> part{};
        while (std::fgets(part.data(), part.size(), pipe.get()) != nullptr)
            printed.text += part.data();
    }
    return printed;
}

TEST(SimulationProgram, PrintsSeedTraceAndACommandThatFailsAgain) {
    const Printed first =
        RunProgram(HOLDFAST_SIM_BROKEN " --break second-redispatch --worlds 500 --jobs 1");
    EXPECT_NE(first.status, 0);
    EXPECT_NE(first.text.find("BROKEN: a request is redispatched at most once"), std::string::npos);
    EXPECT_NE(first.text.find("in world --seed "), std::string::npos);
    EXPECT_NE(first.text.find("is lost: "), std::string::npos) << "the trace";
    const std::string mark = "\nreplay: ";
    const std::size_t at = first.text.find(mark);
    ASSERT_NE(at, std::string::npos) << first.text;
    const std::size_t begin = at + mark.size();
    const std::string replay = first.text.substr(begin, first.text.find('\n', begin) - begin);
    EXPECT_NE(replay.find(" --only "), std::string::npos);

    const Printed again = RunProgram(replay);
    EXPECT_NE(again.status, 0);
    EXPECT_NE(again.text.find("BROKEN: a request is redispatched at most once"), std::string::npos)
        << replay << '\n'
        << again.text;
}

TEST(SimulationProgram, SaysWhatWasMetTooRarely) {
    const Printed printed = RunProgram(HOLDFAST_SIM_BROKEN " --worlds 2 --require-coverage 100");
    EXPECT_NE(printed.status, 0);
    EXPECT_NE(printed.text.find("TOO RARE"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::sim
