// The reference flow through real processes: HTTP, gateway, ZeroMQ, worker, SQLite and back.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <mutex>
#include <set>
#include <thread>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using nlohmann::json;

class Orders : public ::testing::Test {
  protected:
    void SetUp() override {
        stack_.StartGateway();
        stack_.StartOrdersWorker();
        stack_.StartOrdersWorker();
        ASSERT_TRUE(stack_.WaitForWorkers(2)) << stack_.gateway().Output();
    }

    json Order(const std::string& customer, json lines) const {
        return {{"customer", customer}, {"lines", std::move(lines)}, {"currency", "EUR"}};
    }

    httplib::Result Post(const std::string& body) {
        httplib::Client client = stack_.Client();
        return client.Post("/v1/orders", body, "application/json");
    }

    std::int64_t Scalar(const std::string& sql) {
        sqlite3* database = nullptr;
        EXPECT_EQ(
            sqlite3_open_v2(stack_.database().c_str(), &database, SQLITE_OPEN_READONLY, nullptr),
            SQLITE_OK);
        sqlite3_busy_timeout(database, 5000);
        sqlite3_stmt* statement = nullptr;
        EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
            << sqlite3_errmsg(database);
        EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
        const std::int64_t value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(database);
        return value;
    }

    Stack stack_;
};

TEST_F(Orders, AnOrderIsAnsweredFromBothParts) {
    const auto answer = Post(Order("c-42", {{{"sku", "tea-250"}, {"quantity", 2}}}).dump());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 201) << answer->body;
    const json order = json::parse(answer->body);
    // Application 1's part.
    EXPECT_EQ(order.at("customer"), "c-42");
    EXPECT_EQ(order.at("currency"), "EUR");
    EXPECT_EQ(order.at("orderId").get<std::string>().size(), 36U);
    EXPECT_EQ(order.at("orderId").get<std::string>()[14], '7') << "a UUID of version 7";
    EXPECT_TRUE(order.at("receivedAt").get<std::string>().ends_with("Z"));
    // Application 2's part.
    EXPECT_EQ(order.at("status"), "CREATED");
    const json& line = order.at("lines").at(0);
    EXPECT_FALSE(line.at("name").get<std::string>().empty());
    EXPECT_EQ(line.at("lineTotal").get<std::int64_t>(),
              2 * line.at("unitPrice").get<std::int64_t>());
    EXPECT_GE(order.at("total").get<std::int64_t>(), line.at("lineTotal").get<std::int64_t>());

    EXPECT_EQ(answer->get_header_value("Location"),
              "/v1/orders/" + order.at("orderId").get<std::string>());
    EXPECT_EQ(answer->get_header_value("Holdfast-Outcome"), "replied");
    EXPECT_EQ(answer->get_header_value("Holdfast-Correlation-Id").size(), 16U);

    httplib::Client client = stack_.Client();
    const auto read = client.Get(answer->get_header_value("Location"));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->status, 200) << read->body;
    EXPECT_EQ(json::parse(read->body), order);
}

TEST_F(Orders, AThousandOrdersAreAThousandDifferentOnesAndTheStockBalances) {
    const int orders = 1000 / SlowFactor();
    const std::int64_t before = Scalar("SELECT stock FROM articles WHERE sku = 'tea-250'");
    std::mutex mutex;
    std::set<std::string> ids;
    std::int64_t sold = 0;
    std::vector<std::thread> clients;
    for (int c = 0; c < 8; ++c) {
        clients.emplace_back([&, c] {
            httplib::Client client = stack_.Client();
            for (int i = c; i < orders; i += 8) {
                const int quantity = 1 + i % 3;
                const std::string customer = "c-" + std::to_string(i);
                const auto answer = stack_.PostOrder(client, customer, quantity);
                ASSERT_TRUE(answer) << httplib::to_string(answer.error());
                ASSERT_EQ(answer->status, 201) << answer->body;
                const json order = json::parse(answer->body);
                EXPECT_EQ(order.at("customer"), customer) << "somebody else's answer";
                const std::lock_guard lock(mutex);
                ids.insert(order.at("orderId"));
                sold += quantity;
            }
        });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(orders));
    EXPECT_EQ(Scalar("SELECT count(*) FROM orders"), orders);
    EXPECT_EQ(before - Scalar("SELECT stock FROM articles WHERE sku = 'tea-250'"), sold);
    EXPECT_EQ(Scalar("SELECT sum(quantity) FROM order_lines"), sold);
}

TEST_F(Orders, TheSameKeyGivesTheSameOrderAndAnotherBodyIsRefused) {
    httplib::Client client = stack_.Client();
    const auto first = stack_.PostOrder(client, "c-1", 2, "key-1");
    const auto again = stack_.PostOrder(client, "c-1", 2, "key-1");
    ASSERT_TRUE(first && again);
    ASSERT_EQ(first->status, 201) << first->body;
    EXPECT_EQ(again->status, 201);
    EXPECT_EQ(json::parse(first->body), json::parse(again->body));
    EXPECT_EQ(first->get_header_value("Location"), again->get_header_value("Location"));

    const auto other = stack_.PostOrder(client, "c-1", 3, "key-1");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->status, 422) << other->body;
    const auto stranger = stack_.PostOrder(client, "c-2", 3, "key-1");
    ASSERT_TRUE(stranger);
    EXPECT_EQ(stranger->status, 201) << "a key is its customer's own";
    EXPECT_EQ(Scalar("SELECT count(*) FROM orders"), 2);
}

struct Bad {
    const char* name;
    const char* body;
    int status;
    const char* field;
};

TEST_F(Orders, BadOrdersAreRefusedByNameOfTheFieldAndLeaveNothing) {
    const Bad cases[] = {
        {"malformed JSON", R"({"customer":)", 400, ""},
        {"not an object", "[1]", 400, ""},
        {"wrong type",
         R"({"customer":7,"lines":[{"sku":"tea-250","quantity":1}],"currency":"EUR"})", 400,
         "customer"},
        {"zero", R"({"customer":"c","lines":[{"sku":"tea-250","quantity":0}],"currency":"EUR"})",
         400, "quantity"},
        {"overflow",
         R"({"customer":"c","lines":[{"sku":"tea-250","quantity":99999999999999999999}],"currency":"EUR"})",
         400, "quantity"},
        {"same sku twice",
         R"({"customer":"c","lines":[{"sku":"tea-250","quantity":1},{"sku":"tea-250","quantity":1}],"currency":"EUR"})",
         400, "sku"},
        {"no lines", R"({"customer":"c","lines":[],"currency":"EUR"})", 400, "lines"},
        {"unknown article",
         R"({"customer":"c","lines":[{"sku":"nope","quantity":1}],"currency":"EUR"})", 422, "sku"},
        {"not enough stock",
         R"({"customer":"c","lines":[{"sku":"tea-250","quantity":900000000}],"currency":"EUR"})",
         409, ""},
    };
    for (const Bad& bad : cases) {
        SCOPED_TRACE(bad.name);
        const auto answer = Post(bad.body);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, bad.status) << answer->body;
        EXPECT_EQ(answer->get_header_value("Content-Type"), "application/problem+json");
        EXPECT_NE(answer->body.find(bad.field), std::string::npos) << answer->body;
    }
    EXPECT_EQ(Scalar("SELECT count(*) FROM orders"), 0);
}

TEST_F(Orders, AnUnknownOrderIsNotFound) {
    httplib::Client client = stack_.Client();
    const auto answer = client.Get("/v1/orders/01930000-0000-7000-8000-000000000000");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 404);
}

}  // namespace
}  // namespace holdfast::testing
