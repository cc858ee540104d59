#include "load/run/round.h"

#include <gtest/gtest.h>

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Round, IsTheSameAfterTheWay) {
    const Round round{.number = 3,
                      .start = TimePoint(std::chrono::nanoseconds(123'456'789'012)),
                      .stages = {{.from = 0.5, .to = 1000, .length = seconds(5)},
                                 {.from = 1000, .to = 1000, .length = milliseconds(1500)}}};
    const auto back = Round::Parse(round.Serialize());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->number, round.number);
    EXPECT_EQ(back->start, round.start);
    ASSERT_EQ(back->stages.size(), 2U);
    EXPECT_EQ(back->stages[0].from, 0.5);
    EXPECT_EQ(back->stages[0].to, 1000);
    EXPECT_EQ(back->stages[1].length, milliseconds(1500));
    EXPECT_FALSE(Round::Parse(round.Serialize() + "x"));
    EXPECT_FALSE(Round::Parse("abc"));
}

TEST(RoundEnd, IsTheSameAfterTheWay) {
    const RoundEnd end{.ledger_recorded = 7, .ledger_lost = 2, .ledger_trouble = "full"};
    const auto back = RoundEnd::Parse(end.Serialize());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->ledger_recorded, 7U);
    EXPECT_EQ(back->ledger_lost, 2U);
    EXPECT_EQ(back->ledger_trouble, "full");
    EXPECT_FALSE(RoundEnd::Parse("abc"));
}

TEST(ShareOf, AddsUpToTheWhole) {
    LoadProfile whole;
    whole.stages = {{.from = 100, .to = 1000, .length = seconds(1)}};
    whole.users = 10;
    whole.connections = 7;
    for (const std::uint32_t processes : {1U, 2U, 3U, 4U, 7U}) {
        double to = 0;
        std::uint32_t users = 0;
        std::uint32_t connections = 0;
        for (std::uint32_t process = 0; process < processes; ++process) {
            const LoadProfile share = ShareOf(whole, process, processes);
            to += share.stages[0].to;
            users += share.users;
            connections += share.connections;
            EXPECT_GT(share.connections, 0U);
        }
        EXPECT_NEAR(to, 1000, 1e-6);
        EXPECT_EQ(users, 10U);
        EXPECT_EQ(connections, 7U);
    }
}

TEST(PlannedJourneys, AreTheAreaUnderTheStages) {
    const std::vector<Stage> stages = {{.from = 0, .to = 100, .length = seconds(10)},
                                       {.from = 50, .to = 50, .length = seconds(10)}};
    EXPECT_NEAR(PlannedJourneys(stages, {}, seconds(20)), 1000, 1e-6);
    EXPECT_NEAR(PlannedJourneys(stages, {}, seconds(1)), 5, 1e-6);
    EXPECT_NEAR(PlannedJourneys(stages, seconds(9), seconds(11)), 95 + 50, 1e-6);
    EXPECT_NEAR(PlannedJourneys(stages, seconds(20), seconds(30)), 0, 1e-6);
}

}  // namespace
}  // namespace holdfast::load
