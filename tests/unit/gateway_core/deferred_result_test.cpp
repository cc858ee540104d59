#include "gateway/core/deferred_result.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

#include "tests/unit/gateway_core/freed_watch.h"
#include "tests/unit/gateway_core/test_request.h"

namespace holdfast::gateway {
namespace {

class DeferredResultTest : public ::testing::Test {
  protected:
    InflightBudget budget_{{.requests = 4, .bytes = 100'000, .upload_bytes = 1000}};
};

TEST_F(DeferredResultTest, ThePermitIsReleasedOnlyWhenSessionAndTableHaveBothLetGo) {
    for (const bool session_first : {true, false}) {
        DeferredRef session = EmptyDeferred(std::move(*budget_.TryAdmit(100)));
        DeferredRef table = session;
        (session_first ? session : table).Reset();
        EXPECT_EQ(budget_.bytes(), 100U);
        EXPECT_EQ(budget_.requests(), 1U);
        (session_first ? table : session).Reset();
        EXPECT_EQ(budget_.bytes(), 0U);
        EXPECT_EQ(budget_.requests(), 0U);
    }
}

TEST_F(DeferredResultTest, MovingAReferenceDoesNotCount) {
    DeferredRef first = EmptyDeferred(std::move(*budget_.TryAdmit(100)));
    DeferredRef second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): a moved reference is empty
    DeferredRef third;
    third = std::move(second);
    EXPECT_EQ(budget_.requests(), 1U);
    third = third;  // NOLINT(clang-diagnostic-self-assign-overloaded): must be harmless
    EXPECT_TRUE(third);
    third.Reset();
    EXPECT_EQ(budget_.requests(), 0U);
}

TEST_F(DeferredResultTest, ThePermitOutlivesTheBytesThatItStandsFor) {
    Request request;
    request.route = &AnyRoute();
    request.body = std::string(50'000, 'x');
    DeferredRef deferred = DeferredResult::Create(std::move(request),
                                                  std::move(*budget_.TryAdmit(50'000)), 0, nullptr);
    FreedWatch watch(deferred->request.body.data(), [this] { return budget_.bytes(); });
    deferred.Reset();
    EXPECT_TRUE(watch.freed());
    EXPECT_EQ(watch.seen(), 50'000U) << "the permit was released before the body was freed";
    EXPECT_EQ(budget_.bytes(), 0U);
}

TEST_F(DeferredResultTest, LastReferencesMayBeDroppedOnTwoThreads) {
    for (int round = 0; round < 200; ++round) {
        DeferredRef mine = EmptyDeferred(std::move(*budget_.TryAdmit(10)));
        mine->request.body = "written here, freed on either thread";
        std::thread other([theirs = mine]() mutable { theirs.Reset(); });
        mine.Reset();
        other.join();
        EXPECT_EQ(budget_.requests(), 0U);
    }
}

TEST_F(DeferredResultTest, ThePayloadIsTheSumOfWhatTheWireCounts) {
    Route route;
    route.path = "/p/{id}";
    route.service = "svc";
    Request request;
    request.route = &route;
    request.method = "POST";
    request.target = "/p/1?q";
    request.parameters.Append("id", "1");
    request.headers.Append("accept", "*/*");
    request.attributes.Append("order_id", "x");
    request.idempotency_key = "key";
    request.body = "body";
    EXPECT_EQ(request.PayloadBytes(), 7U + 3 + 4 + 6 + 3 + 9 + 9 + 3 + 4);
}

}  // namespace
}  // namespace holdfast::gateway
