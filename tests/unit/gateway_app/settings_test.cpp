#include "gateway/app/settings.h"

#include <gtest/gtest.h>

namespace holdfast::gateway::app {
namespace {

TEST(Settings, TheOpsPortKnowsWhetherOthersReachIt) {
    config::Config config;
    EXPECT_TRUE(OpsPortOptions(config).on_loopback);
    config.ops.address = "0.0.0.0";
    EXPECT_FALSE(OpsPortOptions(config).on_loopback);
}

}  // namespace
}  // namespace holdfast::gateway::app
