#include "src/plugin_name.h"

#include <gtest/gtest.h>

#include <holdfast/worker/gtest.hpp>

namespace {

using holdfast::worker::testing::PluginTest;
using holdfast::worker::testing::Post;

/// `host` plays the worker: it gives requests to the plugin, and fails a test in which the plugin
/// breaks its contract.
class PluginNameTest : public PluginTest<PluginName> {
  protected:
    PluginNameTest() : PluginTest(R"({"greeting":"good morning"})") {}
};

TEST_F(PluginNameTest, GreetsInTheWordsOfItsConfig) {
    const auto answer = host.Ask(Post("/v1/plugin_name", "Ada"));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "good morning Ada\n");
}

TEST_F(PluginNameTest, RefusesABodyThatNamesNobody) {
    EXPECT_EQ(host.Ask(Post("/v1/plugin_name")).status, 400U);
}

}  // namespace
