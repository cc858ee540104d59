// The fleet that the chaos tests throw faults at tells its faults from those of the product.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/support/chaos/database_lock.h"
#include "tests/support/chaos/fleet.h"

namespace holdfast::testing {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

TEST(Fleets, AProcessThatDrainsForLongerThanPlannedIsNotHitAgain) {
    Fleet fleet({.gateways = 1, .order_workers = 1, .witness_workers = 0});
    fleet.Start();
    Stack& gateway = fleet.gateway(0);
    auto lock = std::make_unique<DatabaseLock>(fleet.database());
    auto held = std::async(std::launch::async, [&gateway] {
        httplib::Client client = gateway.Client();
        return gateway.PostOrder(client, "held");
    });
    ASSERT_TRUE(Eventually([&] { return gateway.Pending() == 1; }));
    const Fault drain{.kind = FaultKind::kDrainGateway};
    ASSERT_TRUE(fleet.Begin(drain));
    EXPECT_FALSE(fleet.Begin({.kind = FaultKind::kKillGateway}));
    EXPECT_FALSE(fleet.Begin({.kind = FaultKind::kDrainGateway}));
    lock.reset();
    held.get();
    EXPECT_TRUE(Eventually([&] { return fleet.End(drain); }, seconds(20) * SlowFactor()));
    EXPECT_TRUE(fleet.Heal(seconds(20) * SlowFactor()));
    EXPECT_TRUE(fleet.Drain(seconds(20) * SlowFactor()));
    EXPECT_THAT(fleet.troubles(), IsEmpty());
}

}  // namespace
}  // namespace holdfast::testing
