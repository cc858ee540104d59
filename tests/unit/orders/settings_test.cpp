#include "worker/plugins/orders/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace holdfast::orders {
namespace {

using testing::HasSubstr;

std::string Refusal(const std::string& text) {
    try {
        ParseSettings(text);
    } catch (const worker::ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(Settings, HasDefaults) {
    const Settings settings = ParseSettings("");
    EXPECT_EQ(settings.database.path, "orders.db");
    EXPECT_FALSE(settings.seed);
    EXPECT_EQ(settings.key_retention, std::chrono::hours(24));
    EXPECT_EQ(settings.currency, "EUR");
    EXPECT_EQ(settings.tax_rates.at("standard"), 1900);
}

TEST(Settings, ReadsEveryMember) {
    const Settings settings = ParseSettings(
        R"({"database":"/data/o.db","seed":true,"seed_stock":9,"currency":"CHF","tax_rates":{"standard":810},)"
        R"("idempotency_retention":"48h","busy_timeout":"250ms","readers":2,"max_pages":1000,)"
        R"("synchronous":"full"})");
    EXPECT_EQ(settings.database.path, "/data/o.db");
    EXPECT_TRUE(settings.seed);
    EXPECT_EQ(settings.seed_stock, 9);
    EXPECT_EQ(settings.currency, "CHF");
    EXPECT_EQ(settings.tax_rates.size(), 1U);
    EXPECT_EQ(settings.tax_rates.at("standard"), 810);
    EXPECT_EQ(settings.key_retention, std::chrono::hours(48));
    EXPECT_EQ(settings.busy_timeout, std::chrono::milliseconds(250));
    EXPECT_EQ(settings.readers, 2U);
    EXPECT_EQ(settings.database.max_pages, 1000);
    EXPECT_TRUE(settings.database.full_sync);
}

TEST(Settings, NamesTheMemberThatIsWrongAndWhatWouldBeRight) {
    EXPECT_THAT(Refusal("{"), HasSubstr("config:1:2: the name of a member"));
    EXPECT_THAT(Refusal("[]"), HasSubstr("must be a JSON object"));
    EXPECT_THAT(Refusal(R"({"databse":"x"})"), HasSubstr("did you mean \"database\"?"));
    EXPECT_THAT(Refusal(R"({"dance":"x"})"), HasSubstr("there are database, seed, seed_stock"));
    EXPECT_THAT(Refusal(R"({"database":7})"), HasSubstr("database must be a string"));
    EXPECT_THAT(Refusal(R"({"database":":memory:"})"), HasSubstr("must be the path of a file"));
    EXPECT_THAT(Refusal(R"({"seed":"yes"})"), HasSubstr("seed must be true or false"));
    EXPECT_THAT(Refusal(R"({"seed_stock":0})"), HasSubstr("seed_stock must be an integer from 1"));
    EXPECT_THAT(Refusal(R"({"busy_timeout":250})"), HasSubstr("must be a duration"));
    EXPECT_THAT(Refusal(R"({"busy_timeout":"-1s"})"), HasSubstr("must be a duration"));
    EXPECT_THAT(Refusal(R"({"busy_timeout":"1 s"})"), HasSubstr("must be a duration"));
    EXPECT_THAT(Refusal(R"({"busy_timeout":"9223372036854775807h"})"), HasSubstr("duration"));
    EXPECT_THAT(Refusal(R"({"tax_rates":{"standard":10001}})"),
                HasSubstr("config:1:26: tax_rates.standard must be an integer from 0 to 10000"));
    EXPECT_THAT(Refusal(R"({"readers":0})"), HasSubstr("readers must be an integer from 1"));
    EXPECT_THAT(Refusal(R"({"readers":18446744073709551615})"), HasSubstr("readers must be"));
    EXPECT_THAT(Refusal(R"({"synchronous":"off"})"), HasSubstr("\"normal\" or \"full\""));
}

}  // namespace
}  // namespace holdfast::orders
