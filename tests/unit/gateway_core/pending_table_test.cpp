#include "gateway/core/pending_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "tests/unit/gateway_core/test_request.h"

namespace holdfast::gateway {
namespace {

using Lookup = PendingTable::Lookup;
using SlotIndex = PendingTable::SlotIndex;

TEST(PendingTableTest, FindsWhatWasInsertedUntilItIsErased) {
    PendingTable table(4, 1);
    const DeferredRef deferred = EmptyDeferred();
    const SlotIndex index = table.Insert(DeferredRef(deferred));
    const CorrelationId id = table.IdOf(index);
    EXPECT_EQ(table.Find(id).lookup, Lookup::kFound);
    EXPECT_EQ(table.Find(id).slot, index);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.Erase(index, false), deferred);
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(table.Find(id).slot, PendingTable::kNone);
}

TEST(PendingTableTest, ASecondReplyIsADuplicateAndOneAfterATimeoutIsLate) {
    PendingTable table(4, 1);
    const SlotIndex answered = table.Insert(EmptyDeferred());
    const SlotIndex timed_out = table.Insert(EmptyDeferred());
    const CorrelationId answered_id = table.IdOf(answered);
    const CorrelationId timed_out_id = table.IdOf(timed_out);
    table.Erase(answered, true);
    table.Erase(timed_out, false);
    EXPECT_EQ(table.Find(answered_id).lookup, Lookup::kDuplicate);
    EXPECT_EQ(table.Find(timed_out_id).lookup, Lookup::kLate);
}

TEST(PendingTableTest, AnIdThatWasNeverGivenOutIsUnknown) {
    PendingTable table(4, 100);
    EXPECT_EQ(table.Find(CorrelationId(0, 101)).lookup, Lookup::kUnknown);
    const SlotIndex index = table.Insert(EmptyDeferred());
    const CorrelationId id = table.IdOf(index);
    EXPECT_EQ(table.Find(CorrelationId(id.slot(), id.generation() + 1)).lookup, Lookup::kUnknown);
    EXPECT_EQ(table.Find(CorrelationId(id.slot(), id.generation() - 1)).lookup, Lookup::kUnknown);
    EXPECT_EQ(table.Find(CorrelationId(1, id.generation())).lookup, Lookup::kUnknown);
    EXPECT_EQ(table.Find(CorrelationId(CorrelationId::kUnsuspendedSlot, 1)).lookup,
              Lookup::kUnknown);
    table.Erase(index, true);
}

TEST(PendingTableTest, AnIdOfAnEarlierUseOfTheSlotIsLate) {
    PendingTable table(1, 7);
    std::vector<CorrelationId> ids;
    for (int use = 0; use < 5; ++use) {
        const SlotIndex index = table.Insert(EmptyDeferred());
        ids.push_back(table.IdOf(index));
        if (use < 4) table.Erase(index, true);
    }
    for (int use = 0; use < 4; ++use)
        EXPECT_EQ(table.Find(ids[std::size_t(use)]).lookup, Lookup::kLate);
    EXPECT_EQ(table.Find(ids.back()).lookup, Lookup::kFound);
    table.Erase(0, true);
}

TEST(PendingTableTest, GenerationsGoOnPastTheirLargestValue) {
    PendingTable table(1, CorrelationId::kGenerationMask - 1);
    std::vector<CorrelationId> ids;
    for (int use = 0; use < 4; ++use) {
        const SlotIndex index = table.Insert(EmptyDeferred());
        ids.push_back(table.IdOf(index));
        EXPECT_EQ(table.Find(ids.back()).lookup, Lookup::kFound);
        table.Erase(index, false);
    }
    for (const CorrelationId id : ids) EXPECT_EQ(table.Find(id).lookup, Lookup::kLate);
    EXPECT_EQ(table.Find(CorrelationId(0, ids.back().generation() + 1)).lookup, Lookup::kUnknown);
}

TEST(PendingTableTest, IdsOfAProcessWithAnotherSeedAreUnknown) {
    PendingTable before(4, 0x12345);
    PendingTable after(4, 0x98765);
    const SlotIndex old = before.Insert(EmptyDeferred());
    const SlotIndex young = after.Insert(EmptyDeferred());
    EXPECT_EQ(after.Find(before.IdOf(old)).lookup, Lookup::kUnknown);
    before.Erase(old, false);
    after.Erase(young, false);
}

TEST(PendingTableTest, AFullTableTakesNothingAndLeavesTheRequestWithItsCaller) {
    PendingTable table(2, 1);
    table.Insert(EmptyDeferred());
    table.Insert(EmptyDeferred());
    DeferredRef third = EmptyDeferred();
    EXPECT_EQ(table.Insert(std::move(third)), PendingTable::kNone);
    EXPECT_TRUE(third);  // NOLINT(bugprone-use-after-move): moved from only on success
    EXPECT_EQ(table.size(), 2U);
    table.Erase(0, false);
    EXPECT_EQ(table.Insert(std::move(third)), 0U);
    EXPECT_FALSE(third);  // NOLINT(bugprone-use-after-move)
    table.Erase(0, false);
    table.Erase(1, false);
}

TEST(PendingTableTest, FreedSlotsAreUsedAgainOldestFirst) {
    PendingTable table(3, 1);
    for (int i = 0; i < 3; ++i) table.Insert(EmptyDeferred());
    for (const SlotIndex index : {1U, 2U, 0U}) table.Erase(index, false);
    EXPECT_EQ(table.Insert(EmptyDeferred()), 1U);
    EXPECT_EQ(table.Insert(EmptyDeferred()), 2U);
    EXPECT_EQ(table.Insert(EmptyDeferred()), 0U);
    for (const SlotIndex index : {1U, 2U, 0U}) table.Erase(index, false);
}

TEST(PendingTableTest, ASlotRestsWhileThereIsRoomButTheTableDoesNotSpreadForEver) {
    PendingTable table(1'000'000, 1);
    SlotIndex highest = 0;
    for (int i = 0; i < 10'000; ++i) {
        const SlotIndex index = table.Insert(EmptyDeferred());
        highest = std::max(highest, index);
        table.Erase(index, true);
    }
    EXPECT_GE(highest, 1000U);
    EXPECT_LE(highest, 1100U);
}

TEST(PendingTableTest, ForEachVisitsWhatIsPendingAndNothingElse) {
    PendingTable table(8, 1);
    for (int i = 0; i < 4; ++i) table.Insert(EmptyDeferred());
    table.Erase(2, true);
    std::vector<SlotIndex> seen;
    table.ForEach([&](SlotIndex index, const PendingTable::Slot&) { seen.push_back(index); });
    EXPECT_EQ(seen, (std::vector<SlotIndex>{0, 1, 3}));
    for (const SlotIndex index : seen) table.Erase(index, true);
}

TEST(PendingTableTest, AgreesWithAMapOverRandomInsertsErasesAndFinds) {
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937_64 random(seed);
        PendingTable table(64, random());
        std::map<std::uint64_t, DeferredResult*> model;
        std::map<std::uint64_t, bool> ended;  // by reply?
        for (int step = 0; step < 20'000; ++step) {
            const auto dice = random() % 10;
            if (dice < 5) {
                DeferredRef deferred = EmptyDeferred();
                DeferredResult* raw = deferred.get();
                const SlotIndex index = table.Insert(std::move(deferred));
                ASSERT_EQ(index == PendingTable::kNone, model.size() == 64);
                if (index == PendingTable::kNone) continue;
                const auto id = table.IdOf(index).value();
                ASSERT_TRUE(model.emplace(id, raw).second);
                ASSERT_FALSE(ended.contains(id));
            } else if (dice < 8 && !model.empty()) {
                auto victim = model.begin();
                std::advance(victim, static_cast<std::ptrdiff_t>(random() % model.size()));
                const auto found = table.Find(CorrelationId(victim->first));
                ASSERT_EQ(found.lookup, Lookup::kFound);
                ASSERT_EQ(table[found.slot].deferred.get(), victim->second);
                const bool by_reply = random() % 2 == 0;
                ASSERT_EQ(table.Erase(found.slot, by_reply).get(), victim->second);
                ended[victim->first] = by_reply;
                model.erase(victim);
            } else if (!ended.empty()) {
                auto old = ended.begin();
                std::advance(old, static_cast<std::ptrdiff_t>(random() % ended.size()));
                const auto lookup = table.Find(CorrelationId(old->first)).lookup;
                // Once the slot is in use again, an answered request counts as late, too.
                ASSERT_TRUE(lookup == Lookup::kLate ||
                            (old->second && lookup == Lookup::kDuplicate));
            }
            ASSERT_EQ(table.size(), model.size());
        }
        for (const auto& [id, raw] : model) table.Erase(table.Find(CorrelationId(id)).slot, false);
    }
}

class SlotListTest : public ::testing::Test {
  protected:
    SlotListTest() {
        for (int i = 0; i < 5; ++i) table_.Insert(EmptyDeferred());
    }
    ~SlotListTest() override {
        for (SlotIndex i = 0; i < 5; ++i) table_.Erase(i, false);
    }
    std::vector<SlotIndex> Order() const {
        std::vector<SlotIndex> order;
        for (SlotIndex i = list_.front(); i != PendingTable::kNone; i = table_[i].list.next) {
            order.push_back(i);
        }
        return order;
    }

    PendingTable table_{5, 1};
    SlotList list_;
};

TEST_F(SlotListTest, KeepsTheOrderOfBothEnds) {
    list_.PushBack(table_, 0);
    list_.PushBack(table_, 1);
    list_.PushFront(table_, 2);
    EXPECT_EQ(Order(), (std::vector<SlotIndex>{2, 0, 1}));
    EXPECT_EQ(list_.front(), 2U);
    EXPECT_EQ(list_.back(), 1U);
    EXPECT_EQ(list_.size(), 3U);
}

TEST_F(SlotListTest, RemovesFromTheFrontTheMiddleAndTheBack) {
    for (SlotIndex i = 0; i < 5; ++i) list_.PushBack(table_, i);
    list_.Remove(table_, 2);
    EXPECT_EQ(Order(), (std::vector<SlotIndex>{0, 1, 3, 4}));
    list_.Remove(table_, 0);
    list_.Remove(table_, 4);
    EXPECT_EQ(Order(), (std::vector<SlotIndex>{1, 3}));
    EXPECT_EQ(list_.back(), 3U);
    list_.Remove(table_, 3);
    list_.Remove(table_, 1);
    EXPECT_TRUE(list_.empty());
    EXPECT_EQ(list_.back(), PendingTable::kNone);
    list_.PushFront(table_, 4);
    EXPECT_EQ(Order(), (std::vector<SlotIndex>{4}));
}

}  // namespace
}  // namespace holdfast::gateway
