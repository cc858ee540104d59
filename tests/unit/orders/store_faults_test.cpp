#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/unit/orders/store_fixture.h"

namespace holdfast::orders {
namespace {

using testing::HasSubstr;

using StoreFaults = StoreTest;

template <typename Call>
std::string Failure(Call call) {
    try {
        call();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no failure";
}

TEST_F(StoreFaults, BusyDatabaseMeansNotProcessed) {
    Store();
    Connection other(settings_.database);
    Transaction holds_the_lock(other);
    const PlaceResult result = Store().Place(MakeOrder(1), NoPatience());
    ASSERT_TRUE(std::holds_alternative<NotProcessed>(result));
    EXPECT_THAT(std::get<NotProcessed>(result).reason, HasSubstr("locked"));
}

TEST_F(StoreFaults, WaitsForABusyDatabaseAsLongAsItsPatienceLasts) {
    Store();
    Connection other(settings_.database);
    auto holds_the_lock = std::make_unique<Transaction>(other);
    Patience patience = MuchPatience();
    int asked = 0;
    patience.wanted = [&] {
        // The lock is given back while the other side waits for it.
        if (++asked == 3) holds_the_lock.reset();
        return true;
    };
    EXPECT_TRUE(std::holds_alternative<Placed>(Store().Place(MakeOrder(1), patience)));
    EXPECT_GE(asked, 3);
}

TEST_F(StoreFaults, StopsWaitingWhenTheAnswerIsNoLongerWanted) {
    Store();
    Connection other(settings_.database);
    Transaction holds_the_lock(other);
    Patience patience = MuchPatience();
    int asked = 0;
    patience.wanted = [&] { return ++asked < 3; };
    EXPECT_TRUE(std::holds_alternative<NotProcessed>(Store().Place(MakeOrder(1), patience)));
    EXPECT_EQ(asked, 3);
}

TEST_F(StoreFaults, DoesNothingWhenItsTurnComesTooLate) {
    Store();
    Patience patience = MuchPatience();
    patience.wanted = [] { return false; };
    EXPECT_TRUE(std::holds_alternative<NotProcessed>(Store().Place(MakeOrder(1), patience)));
    EXPECT_EQ(Stock("tea-250"), 1'000'000);
    EXPECT_TRUE(std::holds_alternative<Placed>(Store().Place(MakeOrder(1), MuchPatience())));
}

TEST_F(StoreFaults, BusyWriterOfTheSameProcessMeansNotProcessed) {
    Store();
    std::atomic<bool> inside = false;
    std::atomic<bool> leave = false;
    Patience holding = MuchPatience();
    holding.wanted = [&] {
        inside = true;
        inside.notify_all();
        leave.wait(false);
        return true;
    };
    std::thread holder([&] { Store().Place(MakeOrder(1), holding); });
    inside.wait(false);
    const PlaceResult result = Store().Place(MakeOrder(2), NoPatience());
    EXPECT_TRUE(std::holds_alternative<NotProcessed>(result));
    leave = true;
    leave.notify_all();
    holder.join();
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), 1);
}

TEST_F(StoreFaults, FindsOrdersWhileAnotherWrites) {
    Store().Place(MakeOrder(1), MuchPatience());
    Connection other(settings_.database);
    Transaction holds_the_lock(other);
    EXPECT_TRUE(std::holds_alternative<Order>(Store().Find(OrderId(1), NoPatience())));
}

TEST_F(StoreFaults, FullDiskIsAClearErrorAndLeavesNothingHalfDone) {
    Store();
    store_.reset();
    settings_.database.max_pages = Number("PRAGMA page_count") + 2;
    int placed = 0;
    std::string failure;
    while (failure.empty() && placed < 1000) {
        try {
            Store().Place(MakeOrder(placed, {{"tea-250", 1}}, "key" + std::to_string(placed)),
                          MuchPatience());
            ++placed;
        } catch (const DatabaseError& error) {
            failure = error.what();
        }
    }
    EXPECT_GT(placed, 0);
    EXPECT_THAT(failure, HasSubstr("orders.db"));
    EXPECT_THAT(failure, HasSubstr("full"));
    EXPECT_EQ(Stock("tea-250"), 1'000'000 - placed);
    EXPECT_EQ(Number("SELECT count(*) FROM orders"), placed);
    EXPECT_EQ(Number("SELECT count(*) FROM order_lines"), placed);
    EXPECT_EQ(Number("SELECT count(*) FROM idempotency_keys"), placed);
    // What is stored can still be read, and room that is made is used.
    EXPECT_TRUE(std::holds_alternative<Order>(Store().Find(OrderId(0), MuchPatience())));
    store_.reset();
    settings_.database.max_pages = 0;
    EXPECT_TRUE(std::holds_alternative<Placed>(Store().Place(MakeOrder(placed), MuchPatience())));
}

TEST_F(StoreFaults, RefusesAFileThatIsNoDatabase) {
    std::ofstream(settings_.database.path) << std::string(8192, 'x');
    EXPECT_THAT(Failure([&] { Store(); }), HasSubstr("file is not a database"));
}

TEST_F(StoreFaults, DamagedFileIsAClearError) {
    for (int i = 0; i < 200; ++i) Store().Place(MakeOrder(i), MuchPatience());
    store_.reset();
    // Everything after the first page, which holds the schema.
    std::fstream file(settings_.database.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(0, std::ios::end);
    const auto size = static_cast<std::size_t>(file.tellg());
    file.seekp(4096);
    file << std::string(size - 4096, '\xa5');
    file.close();
    settings_.seed = false;
    EXPECT_THAT(Failure([&] { Store().Place(MakeOrder(1000), MuchPatience()); }),
                HasSubstr("malformed"));
    EXPECT_THAT(Failure([&] { Store().Find(OrderId(1), MuchPatience()); }), HasSubstr("malformed"));
}

TEST_F(StoreFaults, RefusesADirectoryThatIsNotThere) {
    settings_.database.path = directory_ + "/missing/orders.db";
    EXPECT_THAT(Failure([&] { Store(); }), HasSubstr("missing/orders.db: unable to open"));
}

TEST_F(StoreFaults, RefusesTheSchemaOfALaterVersion) {
    Store();
    store_.reset();
    Change("PRAGMA user_version = 2");
    EXPECT_THAT(Failure([&] { Store(); }), HasSubstr("schema version 2"));
}

}  // namespace
}  // namespace holdfast::orders
