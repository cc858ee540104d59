// From one generation of the plugin to the next.
#include "tests/unit/worker_supervisor/supervision_fixture.h"

namespace holdfast::worker {
namespace {

using Kind = Notice::Kind;

class Reloads : public SupervisionFixture {
  protected:
    std::vector<ChildId> Reload() {
        EXPECT_TRUE(supervision->Reload(now));
        Take();
        std::vector<ChildId> candidates;
        for (const Order& order : std::exchange(started, {})) {
            EXPECT_EQ(order.generation, supervision->next_generation() - 1);
            candidates.push_back(order.child);
        }
        return candidates;
    }
};

TEST_F(Reloads, TheOldOnesDrainOnlyWhenEveryNewOneIsWelcomed) {
    Serve(2);
    const auto candidates = Reload();
    ASSERT_EQ(candidates.size(), 2U);
    Ready(candidates[0]);
    supervision->OnStarted(candidates[1], now);
    Take();
    EXPECT_TRUE(drained.empty());
    EXPECT_EQ(supervision->generation(), 1U);
    Ready(candidates[1]);
    EXPECT_EQ(drained, (std::vector{ChildId{1}, ChildId{2}}));
    EXPECT_EQ(supervision->generation(), 2U);
    EXPECT_TRUE(Told(Kind::kReloaded));
    End(ChildId{1}, {.exit_code = 0});
    End(ChildId{2}, {.exit_code = 0});
    EXPECT_TRUE(started.empty());
    EXPECT_EQ(supervision->NextTick(), SupervisorClock::time_point::max());
}

TEST_F(Reloads, AfterItTheNewGenerationIsWhatStartsAgain) {
    Serve(1);
    const auto candidates = Reload();
    Ready(candidates[0]);
    End(candidates[0]);
    PassToNext();  // the old one has not ended yet
    EXPECT_EQ(TakeStart().generation, 2U);
}

TEST_F(Reloads, ANewOneThatEndsGivesItUpAndTheOldOnesGoOn) {
    Serve(2);
    const auto candidates = Reload();
    Ready(candidates[0]);
    End(candidates[1], {.exit_code = 1});
    EXPECT_TRUE(Told(Kind::kReloadFailed));
    EXPECT_EQ(drained, std::vector{candidates[0]}) << "it may hold requests";
    EXPECT_FALSE(supervision->reloading());
    EXPECT_EQ(supervision->generation(), 1U);
    End(candidates[0], {.exit_code = 0});
    EXPECT_FALSE(Told(Kind::kRestart));
}

TEST_F(Reloads, NewOnesThatAreNeverReadyAreGivenUpInTime) {
    Serve(1);
    const auto candidates = Reload();
    supervision->OnStarted(candidates[0], now);
    EXPECT_EQ(PassToNext(), rules.ready_timeout);
    EXPECT_TRUE(Told(Kind::kReloadFailed));
    EXPECT_EQ(drained, candidates);
    // Too late.
    supervision->OnReady(candidates[0], now);
    Take();
    EXPECT_EQ(supervision->generation(), 1U);
}

TEST_F(Reloads, WithoutAnyGatewayItIsEnoughThatThePluginHasStarted) {
    Begin(1);
    supervision->OnStarted(started[0].child, now);
    started.clear();
    const auto candidates = Reload();
    supervision->OnStarted(candidates[0], now);
    Take();
    EXPECT_EQ(supervision->generation(), 2U);
}

TEST_F(Reloads, OneAtATimeAndNoneOnceDraining) {
    Serve(1);
    const auto candidates = Reload();
    EXPECT_FALSE(supervision->Reload(now));
    Ready(candidates[0]);
    supervision->Drain(now);
    EXPECT_FALSE(supervision->Reload(now));
}

TEST_F(Reloads, ADrainEndsTheNewOnesAsWellAsTheOldOnes) {
    Serve(1);
    const auto candidates = Reload();
    supervision->Drain(now);
    Take();
    EXPECT_EQ(drained.size(), 2U);
    End(candidates[0], {.exit_code = 0});
    End(ChildId{1}, {.exit_code = 0});
    EXPECT_EQ(supervision->exit_code(), 0);
}

TEST_F(Reloads, AnOldOneThatCrashesMeanwhileStartsAgainAsItWas) {
    Serve(1);
    const auto candidates = Reload();
    End(ChildId{1});
    PassToNext();
    const Order again = TakeStart();
    EXPECT_EQ(again.generation, 1U);
    Ready(candidates[0]);
    EXPECT_EQ(drained, std::vector{again.child});
}

TEST_F(Reloads, ANewBuildEndsAQuarantine) {
    Serve(1);
    ChildId child{1};
    for (std::size_t i = 0; i < rules.crash_limit; ++i) {
        End(child);
        if (i + 1 == rules.crash_limit) break;
        PassToNext();
        child = TakeStart().child;
    }
    ASSERT_TRUE(Told(Kind::kQuarantine));
    const auto candidates = Reload();
    Ready(candidates[0]);
    EXPECT_EQ(supervision->generation(), 2U);
    EXPECT_EQ(supervision->NextTick(), SupervisorClock::time_point::max()) << "the old one is gone";
    End(candidates[0]);
    EXPECT_EQ(PassToNext(), 100ms);
}

}  // namespace
}  // namespace holdfast::worker
