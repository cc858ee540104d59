// Which processes run, and when one that ended starts again.
#include "tests/unit/worker_supervisor/supervision_fixture.h"

namespace holdfast::worker {
namespace {

using Kind = Notice::Kind;

class Restarts : public SupervisionFixture {};

TEST_F(Restarts, EveryProcessIsStartedOnceAndNothingIsDueWhileAllRun) {
    Begin(3);
    ASSERT_EQ(started.size(), 3U);
    EXPECT_EQ(started[2].place, 2U);
    EXPECT_EQ(started[2].generation, 1U);
    for (const Order& order : std::vector(started)) Ready(order.child);
    EXPECT_EQ(supervision->NextTick(), SupervisorClock::time_point::max());
    EXPECT_FALSE(supervision->exit_code());
}

TEST_F(Restarts, OneThatCrashedStartsAgainInItsPlaceAndKnowsWhatBecameOfTheLast) {
    Begin(2);
    for (const Order& order : std::vector(started)) Ready(order.child);
    const ChildId second = started[1].child;
    started.clear();
    End(second);
    EXPECT_TRUE(started.empty()) << "not at once";
    const auto crashed_at = now;
    EXPECT_EQ(PassToNext(), 100ms);
    const Order again = TakeStart();
    EXPECT_EQ(again.place, 1U);
    EXPECT_EQ(again.restarts, 1U);
    EXPECT_EQ(again.last_crash, "SIGSEGV");
    EXPECT_EQ(again.last_crash_at, crashed_at);
    EXPECT_FALSE(again.child == second);
}

TEST_F(Restarts, AnEndThatNobodyAskedForIsACrashWhateverItsCode) {
    Begin(1);
    Ready(started[0].child);
    const ChildId child = TakeStart().child;
    End(child, {.exit_code = 0});
    PassToNext();
    EXPECT_EQ(TakeStart().last_crash, "exit code 0");
}

TEST_F(Restarts, TheDelayDoublesUpToTheLongestAndIsLessByChance) {
    rules.crash_limit = 100;
    Begin(1);
    ChildId child = TakeStart().child;
    std::vector<SupervisorClock::duration> delays;
    for (int i = 0; i < 9; ++i) {
        Ready(child);
        End(child);
        delays.push_back(PassToNext());
        child = TakeStart().child;
    }
    EXPECT_EQ(delays, (std::vector<SupervisorClock::duration>{100ms, 200ms, 400ms, 800ms, 1600ms,
                                                              3200ms, 6400ms, 10s, 10s}));
    random = 0.5;
    End(child);
    EXPECT_EQ(PassToNext(), 7500ms);
}

TEST_F(Restarts, AStableTimeMakesTheDelaySmallAgain) {
    rules.crash_limit = 100;
    Serve(1);
    ChildId child{1};
    for (int i = 0; i < 4; ++i) {
        End(child);
        PassToNext();
        child = TakeStart().child;
        Ready(child);
    }
    Pass(rules.stable_after);
    End(child);
    EXPECT_EQ(PassToNext(), 100ms);
}

TEST_F(Restarts, ACrashLoopIsHeldBackForTwiceAsLongEachTime) {
    Serve(1);
    ChildId child{1};
    std::vector<SupervisorClock::duration> quarantines;
    for (int round = 0; round < 7; ++round) {
        for (std::size_t i = 0; i < rules.crash_limit; ++i) {
            End(child);
            const bool last = i + 1 == rules.crash_limit;
            EXPECT_EQ(Told(Kind::kQuarantine), last) << round << " " << i;
            const auto delay = PassToNext();
            if (last) quarantines.push_back(delay);
            child = TakeStart().child;
            Ready(child);
        }
        notices.clear();
    }
    EXPECT_EQ(quarantines,
              (std::vector<SupervisorClock::duration>{30s, 60s, 120s, 240s, 480s, 15min, 15min}));
}

TEST_F(Restarts, CrashesThatAreFarApartAreNoLoop) {
    Serve(1);
    ChildId child{1};
    for (int i = 0; i < 20; ++i) {
        Pass(16s);
        End(child);
        PassToNext();
        child = TakeStart().child;
        Ready(child);
    }
    EXPECT_FALSE(Told(Kind::kQuarantine));
}

TEST_F(Restarts, OneThatCrashesDoesNotHoldBackTheOthers) {
    Serve(2);
    for (std::size_t i = 0; i < rules.crash_limit; ++i) {
        End(i == 0 ? ChildId{1} : TakeStart().child);
        if (i + 1 < rules.crash_limit) PassToNext();
    }
    ASSERT_TRUE(Told(Kind::kQuarantine));
    End(ChildId{2});
    EXPECT_EQ(PassToNext(), 100ms);
    EXPECT_EQ(TakeStart().place, 1U);
}

TEST_F(Restarts, WhenNoProcessCanStartTheSupervisorEndsWithOne) {
    Begin(2);
    End(started[0].child, {.exit_code = 1});
    EXPECT_EQ(supervision->NextTick(), SupervisorClock::time_point::max())
        << "it waits to see whether another one can";
    EXPECT_FALSE(supervision->exit_code());
    End(started[1].child, {.exit_code = 1});
    EXPECT_EQ(supervision->exit_code(), 1);
    EXPECT_TRUE(Told(Kind::kCannotStart));
}

TEST_F(Restarts, WhenOneCanStartTheOthersAreTriedAgain) {
    Begin(2);
    const std::vector<Order> first = std::exchange(started, {});
    End(first[0].child, {.exit_code = 1});
    Ready(first[1].child);
    PassToNext();
    EXPECT_EQ(TakeStart().place, 0U);
}

class Drains : public SupervisionFixture {};

TEST_F(Drains, EveryProcessIsToldAndTheSupervisorEndsWithTheLast) {
    Serve(2);
    supervision->Drain(now);
    supervision->Drain(now);
    Take();
    EXPECT_EQ(drained, (std::vector{ChildId{1}, ChildId{2}}));
    End(ChildId{1}, {.exit_code = 0});
    EXPECT_FALSE(supervision->exit_code());
    End(ChildId{2}, {.exit_code = 0});
    EXPECT_EQ(supervision->exit_code(), 0);
    EXPECT_FALSE(Told(Kind::kRestart));
}

TEST_F(Drains, ADrainThatTimedOutInOneProcessIsTheSupervisorsToo) {
    Serve(2);
    supervision->Drain(now);
    End(ChildId{1}, {.exit_code = 3});
    End(ChildId{2}, {.exit_code = 0});
    EXPECT_EQ(supervision->exit_code(), 3);
}

TEST_F(Drains, OneThatDoesNotEndIsKilledOnce) {
    Serve(1);
    supervision->Drain(now);
    Take();
    EXPECT_EQ(PassToNext(), rules.drain_limit);
    EXPECT_EQ(killed, std::vector{ChildId{1}});
    EXPECT_EQ(supervision->NextTick(), SupervisorClock::time_point::max());
    End(ChildId{1}, {.signal = 9});
    EXPECT_EQ(supervision->exit_code(), 3);
}

TEST_F(Drains, OneThatWaitsToStartAgainDoesNot) {
    Serve(1);
    End(ChildId{1});
    supervision->Drain(now);
    EXPECT_EQ(supervision->exit_code(), 0);
    Pass(1h);
    EXPECT_TRUE(started.empty());
}

TEST_F(Drains, AnEndOfAProcessThatIsNotKnownChangesNothing) {
    Serve(1);
    End(ChildId{99});
    supervision->OnReady(ChildId{99}, now);
    Take();
    EXPECT_TRUE(notices.empty());
}

}  // namespace
}  // namespace holdfast::worker
