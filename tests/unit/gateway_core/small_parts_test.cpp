// ReplyBudget, TokenBucket, Watchdog, counters and outcome names: parts too small for a file each.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "gateway/core/counters.h"
#include "gateway/core/outcome.h"
#include "gateway/core/reply_budget.h"
#include "gateway/core/service_queue.h"
#include "gateway/core/watchdog.h"

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;

TEST(ReplyBudgetTest, HoldsBytesUntilTheChargeIsGone) {
    ReplyBudget budget(100);
    {
        ReplyCharge charge(budget, 30);
        EXPECT_EQ(budget.held(), 30U);
        ReplyCharge moved(std::move(charge));
        EXPECT_EQ(budget.held(), 30U);
        ReplyCharge assigned;
        assigned = std::move(moved);
        EXPECT_EQ(budget.held(), 30U);
    }
    EXPECT_EQ(budget.held(), 0U);
    EXPECT_EQ(budget.limit(), 100U);
}

TEST(TokenBucketTest, GivesItsBurstThenItsRate) {
    const TimePoint start = TimePoint{} + 1h;
    TokenBucket bucket(10, 3, start);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.TryTake(start));
    EXPECT_FALSE(bucket.TryTake(start));
    EXPECT_FALSE(bucket.TryTake(start + 90ms));
    EXPECT_TRUE(bucket.TryTake(start + 110ms));
    EXPECT_FALSE(bucket.TryTake(start + 120ms));
}

TEST(TokenBucketTest, NeverSavesMoreThanItsBurst) {
    const TimePoint start = TimePoint{} + 1h;
    TokenBucket bucket(1000, 2, start);
    const TimePoint later = start + 24h;
    EXPECT_TRUE(bucket.TryTake(later));
    EXPECT_TRUE(bucket.TryTake(later));
    EXPECT_FALSE(bucket.TryTake(later));
}

TEST(TokenBucketTest, ABurstBelowOneNeverGives) {
    TokenBucket bucket(0, 0, TimePoint{});
    EXPECT_FALSE(bucket.TryTake(TimePoint{} + 1h));
}

TEST(WatchdogTest, HasNoLagBeforeTheFirstStamp) {
    Watchdog watchdog;
    EXPECT_EQ(watchdog.Lag(TimePoint{} + 1h), Duration::zero());
    watchdog.Stamp(TimePoint{} + 1h);
    EXPECT_EQ(watchdog.Lag(TimePoint{} + 1h + 3s), Duration(3s));
}

TEST(CountersTest, EveryCounterHasAUniqueNameAndLabelAndAHelpText) {
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < kCounterCount; ++i) {
        const CounterInfo& info = Describe(static_cast<Counter>(i));
        EXPECT_FALSE(info.metric.empty());
        EXPECT_FALSE(info.help.empty());
        EXPECT_TRUE(info.metric.ends_with("_total")) << info.metric;
        EXPECT_EQ(info.label.empty(), info.label_value.empty()) << info.metric;
        EXPECT_TRUE(seen.emplace(info.metric, info.label_value).second) << info.metric;
    }
}

TEST(CountersTest, TheTableIsInTheOrderOfTheEnum) {
    EXPECT_EQ(Describe(Counter::kConnectionsAccepted).metric, "connections_accepted_total");
    EXPECT_EQ(Describe(Counter::kBytesSent).metric, "sent_bytes_total");
    EXPECT_EQ(Describe(Counter::kRequestsSent).metric, "attempts_sent_total");
    EXPECT_EQ(Describe(Counter::kRepliesNotOwner).label_value, "not-owner");
    EXPECT_EQ(Describe(Counter::kItemsOfOtherSession).metric, "items_of_other_session_total");
    EXPECT_EQ(Describe(Counter::kRedispatchesRefused).metric, "redispatches_refused_total");
    EXPECT_EQ(Describe(Counter::kWorkersDrained).label_value, "drained");
    EXPECT_EQ(Describe(Counter::kSendsUnreachable).metric, "sends_unreachable_total");
    EXPECT_EQ(Describe(Counter::kMalformedFrames).label_value, "frames");
    EXPECT_EQ(Describe(Counter::kMalformedReply).label_value, "reply");
}

TEST(CountersTest, EveryOutcomeHasItsCounterWithItsName) {
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
        const auto outcome = static_cast<Outcome>(i);
        EXPECT_FALSE(Name(outcome).empty());
        EXPECT_EQ(Describe(CounterOf(outcome)).label_value, Name(outcome));
    }
    EXPECT_EQ(Name(Progress::kNeverSent), "no");
    EXPECT_EQ(Name(Progress::kSent), "unknown");
    EXPECT_EQ(Name(Progress::kStarted), "started");
}

TEST(CountersTest, ABlockAddsUpWhatItIsGiven) {
    CounterBlock counters;
    counters.Add(Counter::kBytesSent, 70);
    counters.Add(Counter::kBytesSent);
    EXPECT_EQ(counters.Get(Counter::kBytesSent), 71U);
    EXPECT_EQ(counters.Get(Counter::kBytesReceived), 0U);
}

TEST(LatencyHistogramTest, PutsEachLatencyIntoTheFirstBucketThatHoldsIt) {
    LatencyHistogram histogram;
    histogram.Record(0us);
    histogram.Record(64us);
    histogram.Record(65us);
    histogram.Record(24h);
    EXPECT_EQ(histogram.bucket(0), 2U);
    EXPECT_EQ(histogram.bucket(1), 1U);
    EXPECT_EQ(histogram.bucket(LatencyHistogram::kBuckets - 1), 1U);
    EXPECT_EQ(histogram.sum_ns(),
              static_cast<std::uint64_t>(std::chrono::nanoseconds(24h + 129us).count()));
}

}  // namespace
}  // namespace holdfast::gateway
