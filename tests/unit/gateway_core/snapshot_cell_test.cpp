#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "gateway/core/snapshot.h"

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Snapshot> TakenAt(TimePoint at) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->taken = at;
    return snapshot;
}

/// Yields until somebody wants a snapshot; false when nobody did for a long time.
bool WaitUntilWanted(const SnapshotCell& cell) {
    const TimePoint give_up = Clock::now() + 10s;
    while (!cell.wanted()) {
        if (Clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

TEST(SnapshotCellTest, NobodyWantsOneUntilSomebodyAsks) {
    SnapshotCell cell;
    EXPECT_FALSE(cell.wanted());
    EXPECT_EQ(cell.Get(0ms), nullptr);
    EXPECT_TRUE(cell.wanted());
    cell.Put(TakenAt(Clock::now()));
    EXPECT_FALSE(cell.wanted());
}

TEST(SnapshotCellTest, GivesAStaleOneWhenThereIsNoNewOneInTime) {
    SnapshotCell cell;
    const auto stale = TakenAt(Clock::now() - 1h);
    cell.Put(stale);
    EXPECT_EQ(cell.Get(1ms), stale);
    EXPECT_TRUE(cell.wanted());
}

TEST(SnapshotCellTest, WaitsForOneThatIsFresh) {
    SnapshotCell cell;
    auto got = std::async(std::launch::async, [&] { return cell.Get(10s); });
    ASSERT_TRUE(WaitUntilWanted(cell));
    const auto fresh = TakenAt(Clock::now());
    cell.Put(fresh);
    EXPECT_EQ(got.get(), fresh);
}

TEST(SnapshotCellTest, AsksAgainWhenTheOneThatCameWasTakenBeforeTheQuestion) {
    SnapshotCell cell;
    const TimePoint before = Clock::now() - 1h;
    auto got = std::async(std::launch::async, [&] { return cell.Get(10s); });
    ASSERT_TRUE(WaitUntilWanted(cell));
    cell.Put(TakenAt(before));
    ASSERT_TRUE(WaitUntilWanted(cell)) << "the question was forgotten";
    const auto fresh = TakenAt(Clock::now());
    cell.Put(fresh);
    EXPECT_EQ(got.get(), fresh);
}

}  // namespace
}  // namespace holdfast::gateway
