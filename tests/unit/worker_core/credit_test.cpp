#include "tests/unit/worker_core/fakes.h"

namespace holdfast::worker {
namespace {

class CreditRules : public WorkerFixture {
  protected:
    void SetUp() override { Start({.capacity_requests = 8, .capacity_bytes = 1000}); }
};

TEST_F(CreditRules, TheOnlyGatewayGetsTheWholeCapacity) {
    const LinkId link = Join(7);
    EXPECT_EQ(Credit(link).requests_total, 8U);
    EXPECT_EQ(Credit(link).bytes_total, 1000U);
}

TEST_F(CreditRules, WhatExceedsItIsHandedBack) {
    const LinkId link = Join(7);
    for (std::uint64_t id = 1; id <= 9; ++id) EXPECT_TRUE(Request(link, id));
    Flush();
    EXPECT_EQ(handlers.waiting.size(), 8U);
    ASSERT_EQ(Returns(link).size(), 1U);
    EXPECT_EQ(Returns(link)[0].id, 9U);
    EXPECT_EQ(Returns(link)[0].reason, ReturnReason::kOverCredit);
}

TEST_F(CreditRules, TheLastRequestMayExceedTheBytes) {
    const LinkId link = Join(7);
    Request(link, 1, ms(1000), 999);
    Request(link, 2, ms(1000), 500);
    Request(link, 3, ms(1000), 1);
    Flush();
    EXPECT_EQ(handlers.waiting.size(), 2U);
    ASSERT_EQ(Returns(link).size(), 1U);
    EXPECT_EQ(Returns(link)[0].id, 3U);
    EXPECT_EQ(Returns(link)[0].reason, ReturnReason::kOverCredit);
}

TEST_F(CreditRules, TotalsOnlyGrowByWhatIsDone) {
    const LinkId link = Join(7);
    for (std::uint64_t id = 1; id <= 4; ++id) Request(link, id, ms(1000), 100);
    Flush();
    EXPECT_EQ(Credit(link).requests_total, 8U);
    Finish(StartNext());
    Cancel(link, 3);
    Tick();
    EXPECT_EQ(Credit(link).requests_total, 10U);
    EXPECT_EQ(Credit(link).bytes_total, 1200U);
}

TEST_F(CreditRules, CreditAloneIsSentWhenHalfIsUsedUpOrWithTheNextTick) {
    const LinkId link = Join(7);
    Request(link, 1);
    Flush();
    Cancel(link, 1);
    Flush();
    EXPECT_EQ(Credit(link).requests_total, 8U);
    Tick();
    EXPECT_EQ(Credit(link).requests_total, 9U);
}

TEST_F(CreditRules, AWorkerOfCapacityOneGivesItsCreditWithTheReply) {
    Start({.capacity_requests = 1});
    const LinkId link = Join(7);
    EXPECT_EQ(Credit(link).requests_total, 1U);
    Request(link, 1);
    Flush();
    Finish(StartNext());
    Flush();
    EXPECT_EQ(Sent(link).back().replies.size(), 1U);
    EXPECT_EQ(Sent(link).back().credit->requests_total, 2U);
}

TEST_F(CreditRules, ASecondGatewayGetsAtLeastOneAtOnceAndMoreAsTheFirstFinishes) {
    const LinkId one = Join(7);
    for (std::uint64_t id = 1; id <= 8; ++id) Request(one, id);
    Flush();
    const LinkId two = Join(8);
    EXPECT_EQ(Credit(two).requests_total, 1U);
    Request(two, 100);
    for (int i = 0; i < 8; ++i) Finish(StartNext());
    PassPinged(ms(500));
    EXPECT_GE(Credit(two).requests_total, 2U);
    EXPECT_LE(Credit(one).requests_total - 8 + Credit(two).requests_total, 8U + 1U);
}

TEST_F(CreditRules, CreditThatAGatewayLeavesUnusedGoesToTheOther) {
    const LinkId idle = Join(7);
    const LinkId busy = Join(8);
    EXPECT_EQ(Credit(idle).requests_total, 8U);
    EXPECT_EQ(Credit(busy).requests_total, 1U);
    PassPinged(ms(1100));
    std::uint64_t id = 0;
    for (int round = 0; round < 20; ++round) {
        Request(busy, ++id);
        Flush();
        Finish(StartNext());
        PassPinged(ms(50));
    }
    EXPECT_GE(Credit(busy).requests_total - id, 5U);
}

TEST_F(CreditRules, IfBothUseItAfterAllWhatExceedsTheCapacityIsHandedBack) {
    const LinkId idle = Join(7);
    const LinkId busy = Join(8);
    PassPinged(ms(1100));
    std::uint64_t id = 0;
    for (int round = 0; round < 20; ++round) {
        Request(busy, ++id);
        Flush();
        Finish(StartNext());
        PassPinged(ms(50));
    }
    while (id < Credit(busy).requests_total) Request(busy, ++id);
    for (int i = 0; i < 8; ++i) Request(idle, ++id);
    Flush();
    EXPECT_LE(worker->held(), 8U + 2U);
    EXPECT_FALSE(Returns(idle).empty());
    EXPECT_EQ(worker->held() + Returns(idle).size(), 8U + id - 20U - 8U);
}

TEST_F(CreditRules, RepliesThatWaitTakeTheirBytesOfTheCapacity) {
    const LinkId link = Join(7, 0);
    Request(link, 1, ms(10'000), 100);
    Request(link, 2, ms(10'000), 100);
    Flush();
    Finish(StartNext(), std::string(400, 'r'), 400);  // 300 beyond what its request had
    Cancel(link, 2);
    PassPinged(ms(100));
    EXPECT_TRUE(Replies(link).empty());
    EXPECT_EQ(Credit(link).bytes_total, 1000U);
    worker->OnReplyCredit(link, 7, kPlenty);
    Flush();
    EXPECT_EQ(Replies(link).size(), 1U);
    EXPECT_EQ(Credit(link).bytes_total, 1200U);
}

TEST_F(CreditRules, WhileRepliesExceedTheCapacityNoNewCreditIsGiven) {
    const LinkId link = Join(7, 0);
    for (std::uint64_t id = 1; id <= 4; ++id) Request(link, id);
    Flush();
    for (int i = 0; i < 3; ++i) Finish(StartNext(), std::string(400, 'r'), 400);
    Cancel(link, 4);
    PassPinged(ms(200));
    EXPECT_EQ(Credit(link).requests_total, 8U);
    EXPECT_EQ(Credit(link).bytes_total, 1000U);
    EXPECT_TRUE(Request(link, 5)) << "what was announced stays good";
    Flush();
    EXPECT_EQ(handlers.waiting.size(), 1U);

    worker->OnReplyCredit(link, 7, 1);
    Flush();
    EXPECT_EQ(Replies(link).size(), 1U) << "a reply can always leave";
    Tick();
    EXPECT_GT(Credit(link).requests_total, 8U);
    worker->OnReplyCredit(link, 7, kPlenty);
    Flush();
    EXPECT_EQ(Replies(link).size(), 3U);
    Finish(StartNext());
    Tick();
    EXPECT_EQ(worker->held(), 0U);
    EXPECT_EQ(Credit(link).requests_total, 8U + 5U);
    EXPECT_EQ(Credit(link).bytes_total, 1000U + 50U);
}

TEST_F(CreditRules, RepliesThatWaitForOneGatewayLeaveTheOtherItsOneRequest) {
    const LinkId slow = Join(7, 0);
    Request(slow, 1);
    Request(slow, 2);
    Flush();
    Finish(StartNext(), std::string(900, 'r'), 900);
    Finish(StartNext(), std::string(900, 'r'), 900);
    const LinkId other = Join(8);
    for (std::uint64_t id = 100; id < 105; ++id) {
        EXPECT_EQ(Credit(other).requests_total, id - 99);
        EXPECT_TRUE(Request(other, id));
        Flush();
        Finish(StartNext());
        PassPinged(ms(100));
    }
    EXPECT_EQ(Replies(other).size(), 5U);
}

TEST_F(CreditRules, BytesOfRepliesThatAreGivenUpComeBack) {
    const LinkId link = Join(7, 0);
    Request(link, 1);
    Request(link, 2);
    Flush();
    Finish(StartNext(), std::string(900, 'r'), 900);
    Finish(StartNext(), std::string(900, 'r'), 900);
    Cancel(link, 1);
    Tick();
    EXPECT_EQ(Credit(link).requests_total, 9U);
    worker->OnLinkReset(link);
    Welcome(link, 9);
    EXPECT_EQ(worker->held(), 0U);
    EXPECT_EQ(Sent(link).back().credit->requests_total, 8U);
    EXPECT_EQ(Sent(link).back().credit->bytes_total, 1000U);
}

TEST_F(CreditRules, AnEnvelopeHasNoMoreItemsThanAGatewayTakes) {
    constexpr std::uint64_t kGatewayTakes = 4096;
    Start({.capacity_requests = 6000});
    const LinkId link = Join(7);
    for (std::uint64_t id = 1; id <= 8000; ++id) ASSERT_TRUE(Request(link, id));
    Flush();
    transmitter.full.insert(link.value);
    while (!handlers.waiting.empty()) Finish(StartNext(), "", 1);
    Flush();
    transmitter.full.clear();
    Flush();
    EXPECT_EQ(Replies(link).size(), 6000U);
    for (const SentEnvelope& envelope : Sent(link)) {
        EXPECT_LT(envelope.replies.size() + envelope.returns.size() + 8, kGatewayTakes);
    }
}

TEST_F(CreditRules, DemandDecidesTheShares) {
    CreditAccount one;
    CreditAccount two;
    one.demand = 9;
    one.last_received = two.last_received = now;
    CreditAccount* both[] = {&one, &two};
    SplitCredit(both, {.requests = 110, .bytes = 1100}, now);
    EXPECT_EQ(one.requests.granted, 100U);
    EXPECT_EQ(two.requests.granted, 10U);
    EXPECT_EQ(one.bytes.granted, 1000U);
}

TEST_F(CreditRules, NoCreditIsTakenBack) {
    CreditAccount one;
    CreditAccount two;
    one.last_received = two.last_received = now;
    CreditAccount* alone[] = {&one};
    SplitCredit(alone, {.requests = 10, .bytes = 10}, now);
    CreditAccount* both[] = {&one, &two};
    SplitCredit(both, {.requests = 10, .bytes = 10}, now);
    EXPECT_EQ(one.requests.granted, 10U);
    EXPECT_EQ(two.requests.granted, 1U);
}

}  // namespace
}  // namespace holdfast::worker
