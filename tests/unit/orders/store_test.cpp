#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/orders/store_fixture.h"

namespace holdfast::orders {
namespace {

using testing::HasSubstr;

Placed AsPlaced(PlaceResult result) {
    if (const auto* problem = std::get_if<Problem>(&result)) {
        ADD_FAILURE() << problem->slug << " " << problem->field << " " << problem->detail;
        return {};
    }
    if (const auto* refusal = std::get_if<NotProcessed>(&result)) {
        ADD_FAILURE() << refusal->reason;
        return {};
    }
    return std::get<Placed>(std::move(result));
}

Problem AsProblem(PlaceResult result) {
    if (!std::holds_alternative<Problem>(result)) {
        ADD_FAILURE() << "not a problem";
        return {};
    }
    return std::get<Problem>(std::move(result));
}

TEST_F(StoreTest, FillsInTheOrderAndReservesTheStock) {
    const Placed placed =
        AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}, {"mug-blue", 3}}), MuchPatience()));
    EXPECT_FALSE(placed.replayed);
    const Order& order = placed.order;
    EXPECT_EQ(order.id, OrderId(1));
    EXPECT_EQ(order.status, "CREATED");
    ASSERT_EQ(order.lines.size(), 2U);
    EXPECT_EQ(order.lines[0].name, "Green tea 250 g");
    EXPECT_EQ(order.lines[0].unit_price, 1290);
    EXPECT_EQ(order.lines[0].line_total, 2580);
    EXPECT_EQ(order.lines[0].tax_rate, 700);
    EXPECT_EQ(order.lines[0].tax, 181);
    EXPECT_EQ(order.lines[1].line_total, 2685);
    EXPECT_EQ(order.lines[1].tax, 510);
    EXPECT_EQ(order.net, 5265);
    EXPECT_EQ(order.tax, 691);
    EXPECT_EQ(order.total, 5956);
    EXPECT_EQ(Stock("tea-250"), 999'998);
    EXPECT_EQ(Stock("mug-blue"), 999'997);
}

TEST_F(StoreTest, FindsTheWholeOrderAgain) {
    const Order placed =
        AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}, {"mug-blue", 3}}), MuchPatience()))
            .order;
    const FindResult result = Store().Find(OrderId(1), MuchPatience());
    ASSERT_TRUE(std::holds_alternative<Order>(result));
    const Order& found = std::get<Order>(result);
    EXPECT_EQ(found.id, placed.id);
    EXPECT_EQ(found.received_at, placed.received_at);
    EXPECT_EQ(found.customer, "c-42");
    EXPECT_EQ(found.currency, "EUR");
    EXPECT_EQ(found.total, placed.total);
    ASSERT_EQ(found.lines.size(), 2U);
    EXPECT_EQ(found.lines[1].sku, "mug-blue");
    EXPECT_EQ(found.lines[1].quantity, 3);
    EXPECT_EQ(found.lines[1].tax, placed.lines[1].tax);
}

TEST_F(StoreTest, SaysWhichOrderIsUnknown) {
    const FindResult result = Store().Find(OrderId(7), MuchPatience());
    ASSERT_TRUE(std::holds_alternative<Problem>(result));
    EXPECT_EQ(std::get<Problem>(result).status, 404U);
}

TEST_F(StoreTest, RefusesAnUnknownArticleAndReservesNothing) {
    const Problem problem =
        AsProblem(Store().Place(MakeOrder(1, {{"tea-250", 2}, {"unicorn", 1}}), MuchPatience()));
    EXPECT_EQ(problem.status, 422U);
    EXPECT_EQ(problem.slug, "unknown-article");
    EXPECT_EQ(problem.field, "lines[1].sku");
    EXPECT_EQ(Stock("tea-250"), 1'000'000);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), 0);
}

TEST_F(StoreTest, RefusesMoreThanThereIsInStockAndReservesNothing) {
    const Problem problem = AsProblem(
        Store().Place(MakeOrder(1, {{"tea-250", 2}, {"first-flush-50", 4}}), MuchPatience()));
    EXPECT_EQ(problem.status, 409U);
    EXPECT_EQ(problem.slug, "insufficient-stock");
    EXPECT_EQ(problem.field, "lines[1].quantity");
    EXPECT_THAT(problem.detail, HasSubstr("3 of first-flush-50"));
    EXPECT_EQ(Stock("tea-250"), 1'000'000);
    AsPlaced(Store().Place(MakeOrder(2, {{"first-flush-50", 3}}), MuchPatience()));
    EXPECT_EQ(Stock("first-flush-50"), 0);
}

TEST_F(StoreTest, RefusesAnAmountThatDoesNotFit) {
    Store();
    Change("UPDATE articles SET stock = 9223372036854775807, unit_price = 9223372036854775807");
    Problem problem = AsProblem(Store().Place(MakeOrder(1, {{"tea-250", 2}}), MuchPatience()));
    EXPECT_EQ(problem.status, 400U);
    EXPECT_EQ(problem.slug, "amount-overflow");
    EXPECT_EQ(problem.field, "lines[0].quantity");
    problem =
        AsProblem(Store().Place(MakeOrder(1, {{"tea-250", 1}, {"mug-blue", 1}}), MuchPatience()));
    EXPECT_EQ(problem.field, "lines");
    // The net amount fits, the total with tax does not.
    problem = AsProblem(Store().Place(MakeOrder(1, {{"tea-250", 1}}), MuchPatience()));
    EXPECT_EQ(problem.field, "lines");
}

TEST_F(StoreTest, RefusesAnotherCurrency) {
    NewOrder order = MakeOrder(1);
    order.request.currency = "USD";
    const Problem problem = AsProblem(Store().Place(order, MuchPatience()));
    EXPECT_EQ(problem.status, 422U);
    EXPECT_EQ(problem.field, "currency");
}

TEST_F(StoreTest, GivesTheSameOrderForTheSameIdAgain) {
    const Placed first = AsPlaced(Store().Place(MakeOrder(1), MuchPatience()));
    const Placed again = AsPlaced(Store().Place(MakeOrder(1), MuchPatience()));
    EXPECT_FALSE(again.replayed);
    EXPECT_EQ(again.order.total, first.order.total);
    EXPECT_EQ(Stock("tea-250"), 999'998);
    const Problem other = AsProblem(Store().Place(MakeOrder(1, {{"tea-250", 3}}), MuchPatience()));
    EXPECT_EQ(other.status, 409U);
    EXPECT_EQ(other.field, "orderId");
}

TEST_F(StoreTest, GivesTheStoredOrderForTheSameKeyAndOrder) {
    AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}}, "key"), MuchPatience()));
    NewOrder later = MakeOrder(2, {{"tea-250", 2}}, "key");
    later.received_at = "2024-05-01T13:00:00.000Z";
    const Placed again = AsPlaced(Store().Place(later, MuchPatience()));
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.order.id, OrderId(1));
    EXPECT_EQ(again.order.received_at, "2024-05-01T12:00:00.000Z");
    EXPECT_EQ(Stock("tea-250"), 999'998);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), 1);
}

TEST_F(StoreTest, IsNoReplayWhenARequestWithAKeyIsRedispatched) {
    AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}}, "key"), MuchPatience()));
    const Placed again =
        AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}}, "key"), MuchPatience()));
    EXPECT_FALSE(again.replayed);
    EXPECT_EQ(Stock("tea-250"), 999'998);
}

TEST_F(StoreTest, GivesTheStoredOrderEvenWhenTheStockHasGone) {
    AsPlaced(Store().Place(MakeOrder(1, {{"first-flush-50", 3}}, "key"), MuchPatience()));
    AsPlaced(Store().Place(MakeOrder(2, {{"first-flush-50", 3}}, "key"), MuchPatience()));
    EXPECT_EQ(Stock("first-flush-50"), 0);
}

TEST_F(StoreTest, RefusesTheSameKeyWithAnotherOrder) {
    AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}}, "key"), MuchPatience()));
    const Problem problem =
        AsProblem(Store().Place(MakeOrder(2, {{"tea-250", 3}}, "key"), MuchPatience()));
    EXPECT_EQ(problem.status, 422U);
    EXPECT_EQ(problem.slug, "idempotency-key-reused");
    EXPECT_EQ(problem.field, "Idempotency-Key");
}

TEST_F(StoreTest, KeepsTheKeysOfCustomersApart) {
    AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}}, "key"), MuchPatience()));
    NewOrder other = MakeOrder(2, {{"tea-250", 5}}, "key");
    other.request.customer = "c-43";
    EXPECT_EQ(AsPlaced(Store().Place(other, MuchPatience())).order.id, OrderId(2));
}

TEST_F(StoreTest, KeepsNoKeyOfARefusedOrder) {
    AsProblem(Store().Place(MakeOrder(1, {{"unicorn", 1}}, "key"), MuchPatience()));
    EXPECT_EQ(
        AsPlaced(Store().Place(MakeOrder(2, {{"tea-250", 1}}, "key"), MuchPatience())).order.id,
        OrderId(2));
}

TEST_F(StoreTest, ForgetsAKeyAfterItsRetentionAndNotBefore) {
    AsPlaced(Store().Place(MakeOrder(1, {{"tea-250", 2}}, "key"), MuchPatience()));
    now_ += std::chrono::hours(24) - std::chrono::milliseconds(1);
    EXPECT_TRUE(
        AsPlaced(Store().Place(MakeOrder(2, {{"tea-250", 2}}, "key"), MuchPatience())).replayed);
    now_ += std::chrono::milliseconds(1);
    const Placed fresh =
        AsPlaced(Store().Place(MakeOrder(3, {{"tea-250", 7}}, "key"), MuchPatience()));
    EXPECT_EQ(fresh.order.id, OrderId(3));
    EXPECT_TRUE(
        AsPlaced(Store().Place(MakeOrder(4, {{"tea-250", 7}}, "key"), MuchPatience())).replayed);
}

TEST_F(StoreTest, TakesExpiredKeysAwayAsNewOnesCome) {
    for (int i = 0; i < 20; ++i) {
        AsPlaced(Store().Place(MakeOrder(i, {{"tea-250", 1}}, "old" + std::to_string(i)),
                               MuchPatience()));
    }
    now_ += std::chrono::hours(25);
    AsPlaced(Store().Place(MakeOrder(50, {{"tea-250", 1}}, "new1"), MuchPatience()));
    AsPlaced(Store().Place(MakeOrder(51, {{"tea-250", 1}}, "new2"), MuchPatience()));
    EXPECT_EQ(Number("SELECT count(*) FROM idempotency_keys"), 2);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), 22);
}

TEST_F(StoreTest, FailsClearlyWhenAnArticlesTaxClassHasNoRate) {
    settings_.tax_rates = {{"standard", 1900}};
    EXPECT_THROW(Store().Place(MakeOrder(1), MuchPatience()), std::runtime_error);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), 0);
}

TEST_F(StoreTest, SeedsOnlyAnEmptyDatabase) {
    AsPlaced(Store().Place(MakeOrder(1), MuchPatience()));
    store_.reset();
    Store();
    EXPECT_EQ(Stock("tea-250"), 999'998);
}

TEST_F(StoreTest, SeedsAsMuchAsItIsToldButScarceArticlesStayScarce) {
    settings_.seed_stock = 5'000'000;
    Store();
    EXPECT_EQ(Stock("tea-250"), 5'000'000);
    EXPECT_EQ(Stock("first-flush-50"), 3);
}

TEST_F(StoreTest, SeedsOnlyWhenItIsTold) {
    settings_.seed = false;
    Store();
    EXPECT_EQ(Number("SELECT count(*) FROM articles"), 0);
}

}  // namespace
}  // namespace holdfast::orders
