#pragma once

/// testing.hpp for GoogleTest:
///
///     class QuoteTest : public holdfast::worker::testing::PluginTest<Quote> {};
///     TEST_F(QuoteTest, NeedsASymbol) { EXPECT_EQ(host.Ask(Post("/v1/quote")).status, 400); }

#include <gtest/gtest.h>
#include <holdfast/worker/testing.hpp>

#include <string>
#include <utility>

namespace holdfast::worker::testing {

/// A test of the plugin class `Class`. It fails, too, when the plugin breaks its contract, unless
/// the test has called ExpectViolations().
template <typename Class>
class PluginTest : public ::testing::Test {
  public:
    explicit PluginTest(std::string config = {}) : host(TestHost::For<Class>(std::move(config))) {}

  protected:
    void TearDown() override {
        host.End();
        if (expect_violations_) return;
        for (const std::string& violation : host.Violations()) {
            ADD_FAILURE() << "the plugin broke its contract: " << violation;
        }
    }
    void ExpectViolations() { expect_violations_ = true; }

    TestHost host;

  private:
    bool expect_violations_ = false;
};

}  // namespace holdfast::worker::testing
