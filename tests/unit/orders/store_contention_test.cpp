#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/unit/orders/store_fixture.h"

namespace holdfast::orders {
namespace {

using StoreContention = StoreTest;

struct Tally {
    int placed = 0;
    int refused = 0;
};

/// Orders `first` to `first + count - 1`, one mug each.
Tally PlaceMany(OrderStore& store, int first, int count, const char* sku) {
    Tally tally;
    for (int i = first; i < first + count; ++i) {
        const PlaceResult result = store.Place(MakeOrder(i, {{sku, 1}}), MuchPatience());
        if (std::holds_alternative<Placed>(result)) {
            ++tally.placed;
        } else if (std::holds_alternative<Problem>(result)) {
            ++tally.refused;
        }
    }
    return tally;
}

TEST_F(StoreContention, ProcessesThatStartOnAMissingFileShareItAndTheStockBalances) {
    constexpr int kProcesses = 4;
    constexpr int kOrders = 60;
    std::vector<pid_t> children;
    for (int process = 0; process < kProcesses; ++process) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            int exit_code = 1;
            try {
                OrderStore store(settings_);
                const Tally tally = PlaceMany(store, process * kOrders, kOrders, "mug-blue");
                exit_code = tally.placed == kOrders ? 0 : 2;
            } catch (const std::exception& error) {
                std::fprintf(stderr, "process %d: %s\n", process, error.what());
            }
            ::_exit(exit_code);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    EXPECT_EQ(Number("SELECT count(*) FROM articles"), 5);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), kProcesses * kOrders);
    EXPECT_EQ(Stock("mug-blue"), 1'000'000 - kProcesses * kOrders);
    EXPECT_EQ(Number("SELECT sum(quantity) FROM order_lines"), kProcesses * kOrders);
}

TEST_F(StoreContention, ThreadsOfTwoStoresSellTheStockToTheLastUnitAndNoMore) {
    constexpr int kThreads = 8;
    constexpr int kOrders = 20;
    constexpr int kStock = 100;
    Store();
    Change("UPDATE articles SET stock = " + std::to_string(kStock) + " WHERE sku = 'mug-blue'");
    OrderStore second(settings_);
    std::atomic<int> placed = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            OrderStore& store = i % 2 == 0 ? Store() : second;
            const Tally tally = PlaceMany(store, i * kOrders, kOrders, "mug-blue");
            placed += tally.placed;
            refused += tally.refused;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(placed, kStock);
    EXPECT_EQ(refused, kThreads * kOrders - kStock);
    EXPECT_EQ(Stock("mug-blue"), 0);
    EXPECT_EQ(Number("SELECT sum(quantity) FROM order_lines"), kStock);
}

TEST_F(StoreContention, OneKeyInManyThreadsMakesOneOrder) {
    constexpr int kThreads = 8;
    Store();
    std::atomic<int> replayed = 0;
    std::atomic<int> fresh = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            const PlaceResult result =
                Store().Place(MakeOrder(i, {{"tea-250", 1}}, "key"), MuchPatience());
            if (const auto* placed = std::get_if<Placed>(&result)) {
                ++(placed->replayed ? replayed : fresh);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(fresh, 1);
    EXPECT_EQ(replayed, kThreads - 1);
    EXPECT_EQ(Stock("tea-250"), 999'999);
}

}  // namespace
}  // namespace holdfast::orders
