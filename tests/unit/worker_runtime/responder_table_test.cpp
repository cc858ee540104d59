#include "worker/runtime/responder_table.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace holdfast::worker {
namespace {

/// Counts what a plugin would be told.
struct Told {
    int run = 0;
    int released = 0;
    CancelCallback Callback() {
        return {[](void* context) { ++static_cast<Told*>(context)->run; },
                [](void* context) { ++static_cast<Told*>(context)->released; }, this};
    }
};

class Responders : public ::testing::Test {
  protected:
    holdfast_responder Open() {
        EXPECT_TRUE(table.Prepare(record));
        return table.TokenOf(record);
    }
    ResponderTable table{10};
    RequestRecord record;
    Told told;
};

TEST_F(Responders, ARequestIsClaimedOnce) {
    const holdfast_responder token = Open();
    EXPECT_EQ(table.Claim(token), &record);
    EXPECT_EQ(table.Claim(token), nullptr);
}

TEST_F(Responders, AnOldTokenDoesNotNameTheNextRequestOfItsSlot) {
    const holdfast_responder old = Open();
    table.Claim(old);
    const holdfast_responder token = Open();
    EXPECT_EQ(table.Claim(old), nullptr);
    EXPECT_FALSE(table.Cancel(old));
    EXPECT_FALSE(table.Cancelled(token));
    EXPECT_TRUE(table.Cancelled(old));
    EXPECT_EQ(table.Claim(token), &record);
}

TEST_F(Responders, MadeUpTokensNameNothing) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{5000}, ~std::uint64_t{0}}) {
        EXPECT_EQ(table.Claim({value}), nullptr);
        EXPECT_TRUE(table.Cancelled({value}));
        EXPECT_EQ(table.OnCancel({value}, told.Callback()), HOLDFAST_ALREADY_ANSWERED);
    }
    EXPECT_EQ(told.released, 4);
}

TEST_F(Responders, ACallbackRunsOnceAndIsReleased) {
    const holdfast_responder token = Open();
    EXPECT_EQ(table.OnCancel(token, told.Callback()), HOLDFAST_OK);
    EXPECT_TRUE(table.Cancel(token));
    table.RunCallback(token);
    table.RunCallback(token);
    EXPECT_EQ(told.run, 1);
    EXPECT_EQ(told.released, 1);
    EXPECT_TRUE(table.Cancelled(token));
    EXPECT_EQ(table.Claim(token), &record);
    EXPECT_EQ(told.released, 1);
}

TEST_F(Responders, AnAnswerReleasesACallbackThatNeverRan) {
    const holdfast_responder token = Open();
    table.OnCancel(token, told.Callback());
    table.Claim(token);
    EXPECT_EQ(told.run, 0);
    EXPECT_EQ(told.released, 1);
    EXPECT_FALSE(table.Cancel(token));
}

TEST_F(Responders, OnACancelledRequestTheCallbackRunsAtOnce) {
    const holdfast_responder token = Open();
    EXPECT_FALSE(table.Cancel(token));
    EXPECT_EQ(table.OnCancel(token, told.Callback()), HOLDFAST_OK);
    EXPECT_EQ(told.run, 1);
    EXPECT_EQ(told.released, 1);
}

TEST_F(Responders, ASecondCallbackIsNotTaken) {
    const holdfast_responder token = Open();
    table.OnCancel(token, told.Callback());
    Told second;
    EXPECT_EQ(table.OnCancel(token, second.Callback()), HOLDFAST_UNSUPPORTED);
    EXPECT_EQ(second.released, 1);
    EXPECT_EQ(table.OnCancel(token, {}), HOLDFAST_INVALID);
}

TEST_F(Responders, TheDeadlineIsKnownUntilTheAnswer) {
    record.deadline = TimePoint(std::chrono::seconds(5));
    const holdfast_responder token = Open();
    EXPECT_EQ(table.DeadlineOf(token), record.deadline);
    table.Claim(token);
    EXPECT_EQ(table.DeadlineOf(token), TimePoint::min());
}

TEST_F(Responders, OfManyThreadsThatAnswerOneWins) {
    for (int round = 0; round < 200; ++round) {
        const holdfast_responder token = Open();
        table.OnCancel(token, told.Callback());
        std::atomic<int> winners{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] { winners += table.Claim(token) != nullptr ? 1 : 0; });
        }
        if (table.Cancel(token)) table.RunCallback(token);
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(winners, 1);
        EXPECT_EQ(told.released, round + 1);
    }
}

}  // namespace
}  // namespace holdfast::worker
