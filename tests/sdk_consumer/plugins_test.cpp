#include <gtest/gtest.h>
#include <holdfast/worker/testing.hpp>

namespace {

using holdfast::worker::testing::Get;
using holdfast::worker::testing::Post;
using holdfast::worker::testing::TestHost;

TEST(Greeter, GreetsWhomThePathNamesInTheWordsOfItsConfig) {
    TestHost host(std::string(GREETER), "good morning");
    EXPECT_EQ(host.Ask(Get("/v1/greet/Ada").WithParameter("name", "Ada")).body, "good morning Ada");
    host.End();
    EXPECT_TRUE(host.Violations().empty());
}

TEST(Plain, AnswersTheBody) {
    TestHost host{std::string(PLAIN)};
    EXPECT_EQ(host.Ask(Post("/v1/plain", "as it came")).body, "as it came");
    host.End();
    EXPECT_TRUE(host.Violations().empty());
}

}  // namespace
