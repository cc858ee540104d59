// A plain leg whose bits flip. TCP's checksum is all that a plain leg has, so what arrives may be
// another request or another answer: what must hold is that nobody dies of it, and that all is well
// as soon as the leg is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/chaos/fleet.h"
#include "tests/support/chaos/order_clients.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;

TEST(PlainLeg, WhoseBitsFlipKillsNobodyAndHeals) {
    Fleet fleet({.gateways = 1, .order_workers = 2, .witness_workers = 0, .seed = 11});
    fleet.Start();
    OrderClients orders({.ports = fleet.entrances(),
                         .clients = 4,
                         .pause = milliseconds(5) * SlowFactor(),
                         .ledger = fleet.directory() / "ledger.jsonl",
                         .run = "plain"});
    for (int i = 0; i < 12; ++i) {
        const Fault flips{.kind = FaultKind::kCorruptLeg,
                          .worker = static_cast<std::size_t>(i % 2)};
        fleet.Begin(flips);
        std::this_thread::sleep_for(milliseconds(600));
        fleet.End(flips);
        std::this_thread::sleep_for(milliseconds(100));
    }
    EXPECT_TRUE(fleet.Heal(seconds(30) * SlowFactor()));
    const std::uint64_t healed = orders.created();
    EXPECT_TRUE(
        Eventually([&] { return orders.created() > healed + 50; }, seconds(20) * SlowFactor()));
    const OrderTally tally = orders.Stop();
    EXPECT_GT(fleet.legs().corrupted, 12U);
    EXPECT_TRUE(Eventually([&] { return fleet.gateway(0).Pending() == 0; }));
    EXPECT_TRUE(fleet.Drain(seconds(20) * SlowFactor()));
    EXPECT_THAT(fleet.troubles(), IsEmpty());
    std::printf(
        "  %llu bits flipped, %llu requests, %llu created, %zu answers that were another's "
        "or refused\n",
        static_cast<unsigned long long>(fleet.legs().corrupted),
        static_cast<unsigned long long>(tally.requests),
        static_cast<unsigned long long>(tally.created), tally.broken_promises.size());
}

}  // namespace
}  // namespace holdfast::testing
