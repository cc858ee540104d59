#include "gateway/bus/peer_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace holdfast::gateway {
namespace {

TEST(PeerDirectoryTest, ARoutingIdIsOnePeerUntilItIsForgotten) {
    PeerDirectory peers(8);
    const PeerId first = peers.Hear("a");
    EXPECT_EQ(peers.Hear("a"), first);
    EXPECT_NE(peers.Hear("b"), first);
    ASSERT_NE(peers.Find(first), nullptr);
    EXPECT_EQ(*peers.Find(first), "a");
    peers.Forget(first);
    EXPECT_EQ(peers.Find(first), nullptr);
    const PeerId again = peers.Hear("a");
    EXPECT_NE(again, first);
    EXPECT_EQ(peers.Find(first), nullptr);
    EXPECT_EQ(*peers.Find(again), "a");
}

TEST(PeerDirectoryTest, RoutingIdsMayHoldAnyBytes) {
    PeerDirectory peers(8);
    const std::string zeros("\0\0\0\0\1", 5);
    const std::string others("\0\0\0\0\2", 5);
    EXPECT_NE(peers.Hear(zeros), peers.Hear(others));
    EXPECT_EQ(*peers.Find(peers.Hear(zeros)), zeros);
}

TEST(PeerDirectoryTest, WhenFullTheLeastRecentlyHeardStrangerGivesWay) {
    PeerDirectory peers(3);
    const PeerId worker = peers.Hear("worker");
    peers.MarkWelcomed(worker);
    const PeerId old = peers.Hear("old");
    const PeerId fresh = peers.Hear("fresh");
    peers.Hear("another");
    EXPECT_NE(peers.Find(worker), nullptr);
    EXPECT_EQ(peers.Find(old), nullptr);
    EXPECT_NE(peers.Find(fresh), nullptr);
}

TEST(PeerDirectoryTest, AFloodOfStrangersNeverTakesAWelcomedWorkersPlace) {
    PeerDirectory peers(16);
    const PeerId worker = peers.Hear("worker");
    peers.MarkWelcomed(worker);
    std::vector<PeerId> strangers;
    for (int i = 0; i < 1000; ++i) strangers.push_back(peers.Hear("stranger-" + std::to_string(i)));
    EXPECT_EQ(
        std::ranges::count_if(strangers, [&](PeerId id) { return peers.Find(id) != nullptr; }), 15);
    ASSERT_NE(peers.Find(worker), nullptr);
    EXPECT_EQ(peers.Hear("worker"), worker);
}

TEST(PeerDirectoryTest, WhenAllAreWelcomedTheSilentOneGivesWay) {
    PeerDirectory peers(2);
    const PeerId silent = peers.Hear("silent");
    peers.MarkWelcomed(silent);
    const PeerId loud = peers.Hear("loud");
    peers.MarkWelcomed(loud);
    peers.Hear("new");
    EXPECT_EQ(peers.Find(silent), nullptr);
    EXPECT_NE(peers.Find(loud), nullptr);
}

}  // namespace
}  // namespace holdfast::gateway
