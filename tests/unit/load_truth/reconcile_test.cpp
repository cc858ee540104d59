#include "load/truth/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "load/truth/file_ledger.h"
#include "load/truth/ledger_reader.h"
#include "tests/unit/load_truth/temporary_folder.h"
#include "worker/plugins/orders/patience.h"
#include "worker/plugins/orders/schema.h"

namespace holdfast::load {
namespace {

using ::testing::HasSubstr;

constexpr const char* kLines =
    R"([{"sku":"tea-250","name":"n","quantity":2,"unitPrice":100,"lineTotal":200,"taxRate":700,"tax":14}])";

/// A database as the orders plugin makes it, and a ledger of run r1.
class ReconcileTest : public ::testing::Test {
  protected:
    void SetUp() override {
        orders::PrepareSchema({.path = folder_ / "orders.db"}, 1'000'000,
                              {std::chrono::steady_clock::now() + std::chrono::seconds(30), {}});
        AppendToLedger(folder_ / "l", StockLine("r1", Open()->Stock()));
        ledger_ = std::make_unique<FileLedger>(folder_ / "l", LedgerOwner{.run = "r1"});
    }

    std::unique_ptr<OrdersDatabase> Open() const {
        return OpenOrdersDatabase("sqlite://" + (folder_ / "orders.db"));
    }

    void Sql(const std::string& sql) const {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open((folder_ / "orders.db").c_str(), &database), SQLITE_OK);
        char* error = nullptr;
        EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
            << error << sql;
        sqlite3_close(database);
    }

    /// The database: an order of two packets of tea, and its stock reserved.
    void Store(const std::string& id, const std::string& customer, const std::string& key = {},
               int total = 214) const {
        Sql("INSERT INTO orders VALUES ('" + id + "','t','CREATED','" + customer +
            "','EUR',200,14," + std::to_string(total) + ",'f');" +
            "INSERT INTO order_lines VALUES ('" + id + "',0,'tea-250','n',2,100,200,700,14);" +
            "UPDATE articles SET stock = stock - 2 WHERE sku = 'tea-250';");
        if (key.empty()) return;
        Sql("INSERT OR REPLACE INTO idempotency_keys VALUES ('" + customer + "','" + key +
            "','f','" + id + "',9e12)");
    }

    struct Told {
        std::uint16_t status = 201;
        std::string order{};  ///< the answer is this order
        std::string key{};
        std::string processed{};
        ErrorKind error = ErrorKind::kNone;
        std::string request = "{}";
        int total = 214;
    };
    /// The ledger: what the client with this mark was told.
    void Tell(const std::string& mark, const Told& told) {
        const std::string body = told.order.empty()
                                     ? ""
                                     : R"({"orderId":")" + told.order + R"(","customer":")" + mark +
                                           R"(","currency":"EUR","lines":)" + kLines +
                                           R"(,"net":200,"tax":14,"total":)" +
                                           std::to_string(told.total) + "}";
        LedgerEntry entry;
        entry.mark = mark;
        entry.idempotency_key = told.key;
        entry.request_body = told.request;
        entry.status = told.status;
        entry.processed = told.processed;
        entry.error = told.error;
        entry.body = body;
        ledger_->Record(entry);
    }
    void Good(const std::string& mark, const std::string& order) {
        Store(order, mark);
        Tell(mark, {.order = order});
    }

    Reconciliation Run() {
        ledger_->Finish();
        const auto database = Open();
        return load::Reconcile(folder_ / "l", *database, {});
    }
    /// The only difference that there is.
    std::string Only(DifferenceKind kind) {
        const Reconciliation result = Run();
        EXPECT_EQ(result.counts[static_cast<std::size_t>(kind)], 1U) << ToText(result);
        EXPECT_EQ(result.Differences(), 1U) << ToText(result);
        EXPECT_EQ(result.incomplete, "");
        return result.differences.empty() ? "" : result.differences.front().text;
    }

    TemporaryFolder folder_;
    std::unique_ptr<FileLedger> ledger_;
};

TEST_F(ReconcileTest, WhatAgreesHasNoDifferences) {
    Good("load-r1-1", "o1");
    Tell("load-r1-1", {.status = 200, .order = "o1", .request = ""});
    Tell("load-r1-2", {.status = 422});
    Tell("load-r1-3", {.status = 503, .processed = "no"});
    Tell("load-r1-4", {.status = 0, .error = ErrorKind::kConnect});
    Store("x", "somebody else");
    const Reconciliation result = Run();
    EXPECT_EQ(result.Differences(), 0U) << ToText(result);
    EXPECT_THAT(result.runs, ::testing::ElementsAre("r1"));
    EXPECT_EQ(result.requests, 5U);
    EXPECT_EQ(result.created, 1U);
    EXPECT_EQ(result.read, 1U);
    EXPECT_EQ(result.refused, 1U);
    EXPECT_EQ(result.not_processed, 2U);
    EXPECT_EQ(result.unknown, 0U);
    EXPECT_EQ(result.orders, 1U);
    EXPECT_TRUE(result.stock_checked);
    const auto json = nlohmann::json::parse(ToJson(result));
    EXPECT_EQ(json.at("differences"), 0);
    EXPECT_EQ(json.at("told").at("created"), 1);
    EXPECT_TRUE(json.at("ledger_complete"));
    EXPECT_THAT(ToText(result), HasSubstr("No differences"));
}

TEST_F(ReconcileTest, UnknownOutcomesAreReconciledApart) {
    Store("o1", "load-r1-1");
    Tell("load-r1-1", {.status = 0, .error = ErrorKind::kTimeout});
    Tell("load-r1-2", {.status = 502, .processed = "unknown", .error = ErrorKind::kStatus});
    Tell("load-r1-3", {.status = 504, .processed = "started", .error = ErrorKind::kStatus});
    // A retry with the same key that was answered leaves nothing unknown.
    Store("o4", "load-r1-4", "k4");
    Tell("load-r1-4", {.status = 0, .key = "k4", .error = ErrorKind::kDisconnected});
    Tell("load-r1-4", {.order = "o4", .key = "k4"});
    const Reconciliation result = Run();
    EXPECT_EQ(result.Differences(), 0U) << ToText(result);
    EXPECT_EQ(result.unknown, 4U);
    EXPECT_EQ(result.unknown_found, 1U);
    EXPECT_EQ(result.unknown_absent, 2U);
    EXPECT_THAT(result.unknown_examples,
                ::testing::ElementsAre(HasSubstr("load-r1-1 was told timeout: created"),
                                       HasSubstr("502 processed: unknown: not created"),
                                       HasSubstr("504 processed: started: not created")));
}

TEST_F(ReconcileTest, AnOrderThatWasToldAndIsNotThereIsMissing) {
    Tell("load-r1-1", {.order = "o1"});
    EXPECT_THAT(Only(DifferenceKind::kMissing), HasSubstr("order o1, which does not exist"));
}

TEST_F(ReconcileTest, AnOrderThatWasReadAndIsNotThereIsMissing) {
    Tell("load-r1-1", {.status = 200, .order = "o1", .request = ""});
    Only(DifferenceKind::kMissing);
}

TEST_F(ReconcileTest, AnotherTotalThanWasToldDiffers) {
    Store("o1", "load-r1-1");
    Tell("load-r1-1", {.order = "o1", .total = 215});
    EXPECT_THAT(Only(DifferenceKind::kDiffers),
                AllOf(HasSubstr("total 215"), HasSubstr("total 214")));
}

TEST_F(ReconcileTest, AnotherQuantityThanWasToldDiffers) {
    Good("load-r1-1", "o1");
    Sql("UPDATE order_lines SET quantity = 1; UPDATE articles SET stock = stock + 1 "
        "WHERE sku = 'tea-250'");
    EXPECT_THAT(Only(DifferenceKind::kDiffers), HasSubstr("stored is EUR net 200 tax 14 total "
                                                          "214: 1 x tea-250"));
}

TEST_F(ReconcileTest, AnOrderThatIsStoredForSomebodyElseDiffers) {
    Store("o1", "load-r1-2");
    Tell("load-r1-1", {.order = "o1"});
    Tell("load-r1-2", {.status = 0, .error = ErrorKind::kTimeout});
    EXPECT_THAT(Only(DifferenceKind::kDiffers), HasSubstr("which is stored for load-r1-2"));
}

TEST_F(ReconcileTest, TwoOrdersOfOneRequestAreDoubled) {
    Good("load-r1-1", "o1");
    Store("o2", "load-r1-1");
    EXPECT_THAT(Only(DifferenceKind::kDoubled), HasSubstr("2 orders of load-r1-1"));
}

TEST_F(ReconcileTest, TwoOrdersOfOneKeyAreDoubledEvenOverRetries) {
    Store("o1", "load-r1-1");
    Store("o2", "load-r1-1", "k");
    Tell("load-r1-1", {.status = 0, .key = "k", .error = ErrorKind::kTimeout});
    Tell("load-r1-1", {.order = "o2", .key = "k"});
    Only(DifferenceKind::kDoubled);
}

TEST_F(ReconcileTest, OneKeyThatWasAnsweredWithTwoOrdersIsSplit) {
    Store("o1", "load-r1-1");
    Store("o2", "load-r1-1", "k");
    Tell("load-r1-1", {.order = "o1", .key = "k"});
    Tell("load-r1-1", {.order = "o2", .key = "k"});
    const Reconciliation result = Run();
    EXPECT_EQ(result.counts[static_cast<std::size_t>(DifferenceKind::kDoubled)], 1U);
    // Once by the answers alone, once because the database keeps the other one.
    EXPECT_EQ(result.counts[static_cast<std::size_t>(DifferenceKind::kKeySplit)], 2U);
}

TEST_F(ReconcileTest, AnOrderOfThisRunThatNobodyAskedForIsAGhost) {
    Store("o1", "load-r1-99");
    EXPECT_THAT(Only(DifferenceKind::kGhost), HasSubstr("order o1 of load-r1-99"));
}

TEST_F(ReconcileTest, AnOrderDespiteNotProcessedIsADifference) {
    Store("o1", "load-r1-1");
    Tell("load-r1-1", {.status = 503, .processed = "no", .error = ErrorKind::kStatus});
    EXPECT_THAT(Only(DifferenceKind::kNotProcessed),
                HasSubstr("told 503 processed: no, but there is order o1"));
}

TEST_F(ReconcileTest, AnOrderDespiteARefusalIsADifference) {
    Store("o1", "load-r1-1");
    Tell("load-r1-1", {.status = 422});
    Only(DifferenceKind::kNotProcessed);
}

TEST_F(ReconcileTest, ACrossedAnswerTellsItsClientNothing) {
    Good("load-r1-1", "o1");
    Store("o2", "load-r1-2");
    Tell("load-r1-2", {.order = "o1", .error = ErrorKind::kCrossed});
    const Reconciliation result = Run();
    EXPECT_EQ(result.Differences(), 0U) << ToText(result);
    EXPECT_EQ(result.unknown, 1U);
    EXPECT_EQ(result.unknown_found, 1U);
}

TEST_F(ReconcileTest, SumsThatDoNotAddUpAreADifference) {
    Store("o1", "load-r1-1", {}, 999);
    Tell("load-r1-1", {.order = "o1", .total = 999});
    EXPECT_THAT(Only(DifferenceKind::kSums), HasSubstr("total 999"));
}

TEST_F(ReconcileTest, SumsThatNoNumberHoldsDoNotAddUp) {
    Store("o1", "load-r1-1");
    Sql("UPDATE order_lines SET line_total = 9223372036854775807");
    Sql("INSERT INTO order_lines VALUES ('o1',1,'tea-250','n',1,1,9223372036854775807,0,0)");
    const Reconciliation result = Run();
    EXPECT_EQ(result.counts[static_cast<std::size_t>(DifferenceKind::kSums)], 1U);
}

TEST_F(ReconcileTest, StockThatNoCountCanBeIsTheDatabasesError) {
    Sql("UPDATE articles SET stock = 9223372036854775807 WHERE sku = 'tea-250'");
    EXPECT_THROW(Run(), DatabaseError);
}

TEST_F(ReconcileTest, StockThatIsNotReservedToTheUnitIsADifference) {
    Good("load-r1-1", "o1");
    Sql("UPDATE articles SET stock = stock + 1 WHERE sku = 'tea-250'");
    EXPECT_EQ(Only(DifferenceKind::kStock),
              "tea-250: 1000000 before, 2 ordered since, but 999999 are left");
}

TEST_F(ReconcileTest, StockIsNotCheckedWhenNobodyKnowsWhatItWas) {
    ledger_ = std::make_unique<FileLedger>(folder_ / "other", LedgerOwner{.run = "r1"});
    ledger_->Finish();
    const auto database = Open();
    const auto result = load::Reconcile(folder_ / "other", *database, {});
    EXPECT_FALSE(result.stock_checked);
    EXPECT_THAT(ToText(result), HasSubstr("Stock: not checked"));
    const auto given = load::Reconcile(folder_ / "other", *database,
                                       {{.sku = "tea-250", .stock = 1'000'001, .ordered = 0}});
    EXPECT_EQ(given.Differences(), 1U);
}

TEST_F(ReconcileTest, ALedgerThatIsNotWholeAccusesNobody) {
    Store("o1", "load-r1-1");
    AppendToLedger(folder_ / "l", R"({"type":"request","run":"r1","mark":"load-r1-)");
    const Reconciliation result = Run();
    EXPECT_EQ(result.Differences(), 0U);
    EXPECT_EQ(result.unexplained, 1U);
    EXPECT_EQ(result.incomplete, "1 cut lines");
}

TEST_F(ReconcileTest, AGeneratorThatWasKilledLeavesALedgerThatIsNotWhole) {
    const auto database = Open();
    ledger_->Finish();
    AppendToLedger(folder_ / "l",
                   R"({"type":"begin","run":"r1","flow":"f","process":1,"processes":2})");
    EXPECT_EQ(load::Reconcile(folder_ / "l", *database, {}).incomplete,
              "1 generator processes that did not end properly");
}

TEST_F(ReconcileTest, ManyDifferencesAreCountedAndTheFirstShown) {
    for (int i = 0; i < 50; ++i) {
        Tell("load-r1-" + std::to_string(i), {.order = "o" + std::to_string(i)});
    }
    const Reconciliation result = Run();
    EXPECT_EQ(result.Differences(), 50U);
    EXPECT_EQ(result.differences.size(), Reconciliation::kExamples);
}

TEST_F(ReconcileTest, WhatIsNoLedgerOrNoDatabaseIsSaidInOneLine) {
    const auto database = Open();
    EXPECT_THROW(load::Reconcile(folder_ / "none", *database, {}), LedgerError);
    EXPECT_THROW(load::Reconcile(folder_ / "orders.db", *database, {}), LedgerError);
    for (const char* url : {"postgres://x", "sqlite:", "sqlite:///nonexistent/db", "orders.db"}) {
        EXPECT_THROW(OpenOrdersDatabase(url), DatabaseError) << url;
    }
    EXPECT_THROW(OpenOrdersDatabase("sqlite:" + (folder_ / "l")), DatabaseError);
}

}  // namespace
}  // namespace holdfast::load
