#include "worker/plugins/orders/handler.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/testing.hpp>

#include <nlohmann/json.hpp>

#include "tests/unit/orders/store_fixture.h"

namespace holdfast::orders {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using worker::testing::Answer;
using worker::testing::RequestSpec;
using worker::testing::TestHost;

constexpr const char* kServices[] = {"orders"};
constexpr holdfast_plugin_v1 kPlugin = worker::Describe<OrderHandler>("orders", "1", kServices, 1);

constexpr const char* kBody =
    R"({"customer":"c-42","lines":[{"sku":"tea-250","quantity":2}],"currency":"EUR"})";

class Handler : public StoreTest {
  protected:
    Handler() : config_(json{{"database", settings_.database.path}, {"seed", true}}.dump()) {}
    void TearDown() override {
        host_.End();
        EXPECT_THAT(host_.Violations(), ::testing::IsEmpty());
    }

    static RequestSpec Post(const std::string& body = kBody) {
        return {.service = "orders",
                .route = "/v1/orders",
                .method = "POST",
                .target = "/v1/orders",
                .body = body,
                .headers = {{"content-type", "application/json"}},
                .attributes = {{"orderId", OrderId(1)}, {"receivedAt", "2024-05-01T12:00:00Z"}}};
    }
    static RequestSpec Get(const std::string& id) {
        return {.service = "orders",
                .route = "/v1/orders/{id}",
                .method = "GET",
                .target = "/v1/orders/" + id,
                .parameters = {{"id", id}}};
    }
    std::string config_;
    TestHost host_{kPlugin, config_};
};

TEST_F(Handler, AnswersAGoodOrderWith201AndItsLocation) {
    const Answer answer = host_.Ask(Post());
    EXPECT_EQ(answer.status, 201U);
    EXPECT_EQ(answer.Header("content-type"), "application/json");
    EXPECT_EQ(answer.Header("location"), "/v1/orders/" + OrderId(1));
    EXPECT_EQ(answer.Header("idempotent-replay"), std::nullopt);
    EXPECT_EQ(answer.body,
              R"({"orderId":")" + OrderId(1) +
                  R"(","receivedAt":"2024-05-01T12:00:00Z","status":"CREATED","customer":"c-42",)"
                  R"("currency":"EUR","lines":[{"sku":"tea-250","name":"Green tea 250 g",)"
                  R"("quantity":2,"unitPrice":1290,"lineTotal":2580,"taxRate":700,"tax":181}],)"
                  R"("net":2580,"tax":181,"total":2761})");
}

TEST_F(Handler, FindsTheOrderThatItPlaced) {
    const Answer placed = host_.Ask(Post());
    const Answer found = host_.Ask(Get("018F4B1E-7C2A-7D3E-9A51-000000000001"));
    EXPECT_EQ(found.status, 200U);
    EXPECT_EQ(found.body, placed.body);
}

TEST_F(Handler, AnswersUnknownAndImpossibleIds) {
    const Answer unknown = host_.Ask(Get(OrderId(9)));
    EXPECT_EQ(unknown.status, 404U);
    EXPECT_EQ(json::parse(unknown.body)["type"], "urn:holdfast:orders:unknown-order");
    const Answer impossible = host_.Ask(Get("9"));
    EXPECT_EQ(impossible.status, 400U);
    EXPECT_EQ(json::parse(impossible.body)["field"], "id");
}

TEST_F(Handler, AnswersProblemsAsJsonWithTheCorrelationId) {
    RequestSpec request = Post(R"({"customer":"c","lines":[{"sku":"x\"y","quantity":1}],)"
                               R"("currency":"EUR"})");
    request.correlation_id = 0xabcdef;
    const Answer answer = host_.Ask(request);
    EXPECT_EQ(answer.status, 422U);
    EXPECT_EQ(answer.Header("content-type"), "application/problem+json");
    EXPECT_EQ(json::parse(answer.body), json({{"type", "urn:holdfast:orders:unknown-article"},
                                              {"title", "There is no such article"},
                                              {"status", 422},
                                              {"detail", "no article has the sku x\"y"},
                                              {"field", "lines[0].sku"},
                                              {"correlationId", "0000000000abcdef"}}));
}

TEST_F(Handler, AnswersMalformedJsonWith400) {
    const Answer answer = host_.Ask(Post("{\"customer\":\"\xff\"}"));
    EXPECT_EQ(answer.status, 400U);
    EXPECT_EQ(json::parse(answer.body)["type"], "urn:holdfast:orders:malformed-json");
}

TEST_F(Handler, ReplaysAKeyWithTheStoredIdTimeAndLocation) {
    RequestSpec first = Post();
    first.idempotency_key = "k1";
    const Answer placed = host_.Ask(first);
    RequestSpec again = first;
    again.attributes = {{"orderId", OrderId(2)}, {"receivedAt", "2024-05-01T13:00:00Z"}};
    const Answer replayed = host_.Ask(again);
    EXPECT_EQ(replayed.status, 201U);
    EXPECT_EQ(replayed.body, placed.body);
    EXPECT_EQ(replayed.Header("location"), "/v1/orders/" + OrderId(1));
    EXPECT_EQ(replayed.Header("idempotent-replay"), "true");
    again.body = R"({"customer":"c-42","lines":[{"sku":"tea-250","quantity":3}],"currency":"EUR"})";
    EXPECT_EQ(host_.Ask(again).status, 422U);
}

TEST_F(Handler, RedispatchOfTheSameRequestGivesTheSameAnswer) {
    const Answer first = host_.Ask(Post());
    RequestSpec second = Post();
    second.attempt = 2;
    const Answer again = host_.Ask(second);
    EXPECT_EQ(again.status, 201U);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers, first.headers);
    EXPECT_EQ(Stock("tea-250"), 999'998);
}

TEST_F(Handler, RefusesAKeyThatIsTooLong) {
    RequestSpec request = Post();
    request.idempotency_key = std::string(256, 'k');
    const Answer answer = host_.Ask(request);
    EXPECT_EQ(answer.status, 400U);
    EXPECT_EQ(json::parse(answer.body)["field"], "Idempotency-Key");
}

TEST_F(Handler, DoesNothingForARequestThatHasExpired) {
    RequestSpec request = Post();
    request.timeout = std::chrono::nanoseconds(0);
    EXPECT_TRUE(host_.Ask(request).not_processed);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), 0);
}

TEST_F(Handler, SaysNotProcessedWhenTheDatabaseIsBusyUntilTheDeadline) {
    Connection other(settings_.database);
    Transaction holds_the_lock(other);
    RequestSpec request = Post();
    request.timeout = std::chrono::milliseconds(1);
    const Answer answer = host_.Ask(request);
    EXPECT_TRUE(answer.not_processed);
    EXPECT_THAT(answer.detail, HasSubstr("locked"));
}

TEST_F(Handler, FailsWhenTheRouteDoesNotAddTheOrderId) {
    RequestSpec request = Post();
    request.attributes = {{"receivedAt", "2024-05-01T12:00:00Z"}};
    const Answer answer = host_.Ask(request);
    EXPECT_TRUE(answer.failed);
    EXPECT_THAT(answer.detail, HasSubstr("must add orderId"));
}

TEST_F(Handler, FailsWhenTheDatabaseIsDamaged) {
    Change("DROP TABLE order_lines");
    const Answer answer = host_.Ask(Post());
    EXPECT_TRUE(answer.failed);
    EXPECT_THAT(answer.detail, HasSubstr("no such table"));
    EXPECT_EQ(Stock("tea-250"), 1'000'000);
}

TEST_F(Handler, RefusesOtherMethods) {
    RequestSpec request = Post();
    request.method = "DELETE";
    const Answer answer = host_.Ask(request);
    EXPECT_EQ(answer.status, 405U);
    EXPECT_EQ(answer.Header("allow"), "POST");
}

TEST(OrdersConfig, NamesWhatIsWrongInItsConfig) {
    try {
        TestHost host(kPlugin, R"({"seeds":true})");
        FAIL() << "it was created";
    } catch (const worker::PluginError& error) {
        EXPECT_THAT(error.what(),
                    HasSubstr("config:1:2: there is no option \"seeds\"; did you mean \"seed\"?"));
    }
}

using OrdersPlugin = StoreTest;

TEST_F(OrdersPlugin, LoadsFromItsSharedObjectAndIsUnmappedAgain) {
    {
        const worker::PluginLibrary library(HOLDFAST_ORDERS_PLUGIN);
        EXPECT_STREQ(library.plugin().name, "orders");
        EXPECT_STREQ(library.plugin().services[0], "orders");
        TestHost host(library.plugin(), json{{"database", settings_.database.path}}.dump());
    }
    EXPECT_EQ(dlopen(HOLDFAST_ORDERS_PLUGIN, RTLD_NOW | RTLD_NOLOAD), nullptr);
}

}  // namespace
}  // namespace holdfast::orders
