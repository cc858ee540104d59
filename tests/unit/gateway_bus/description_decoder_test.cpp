// What workers say of themselves.
#include <gtest/gtest.h>

#include <optional>

#include "gateway/bus/codec.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

class DescriptionDecoderTest : public testing::Test {
  protected:
    std::optional<Counter> Decode(std::string_view bytes) {
        return decoder_.Decode(bytes, incoming_);
    }
    std::optional<Counter> Decode(const wire::Envelope& envelope) {
        return Decode(envelope.SerializeAsString());
    }

    EnvelopeDecoder decoder_{CodecLimits{1U << 20U, 1024}};
    Incoming incoming_;
};

TEST_F(DescriptionDecoderTest, AHelloOfASupervisedProcessSaysWhatBecameOfTheOnesBefore) {
    wire::Envelope envelope;
    envelope.mutable_hello()->set_protocol(1);
    envelope.mutable_hello()->set_instance("worker-1");
    envelope.mutable_hello()->add_services()->set_name("orders");
    ASSERT_EQ(Decode(envelope), std::nullopt);
    EXPECT_FALSE(incoming_.hello->process);
    wire::Process& process = *envelope.mutable_hello()->mutable_process();
    process.set_index(2);
    process.set_generation(3);
    process.set_restarts(4);
    process.set_last_crash("SIG\nSEGV");
    process.set_last_crash_age_ms(5000);
    ASSERT_EQ(Decode(envelope), std::nullopt);
    ASSERT_TRUE(incoming_.hello->process);
    EXPECT_EQ(incoming_.hello->process->index, 2U);
    EXPECT_EQ(incoming_.hello->process->generation, 3U);
    EXPECT_EQ(incoming_.hello->process->restarts, 4U);
    EXPECT_EQ(incoming_.hello->process->last_crash, "SIG SEGV");
    EXPECT_EQ(incoming_.hello->process->last_crash_age, std::chrono::seconds(5));
}

TEST_F(DescriptionDecoderTest, ADescriptionBeyondItsLimitsIsRefused) {
    const auto with = [](auto&& fill) {
        wire::Envelope envelope;
        fill(*envelope.mutable_description());
        return envelope;
    };
    for (const int beyond : {0, 1}) {
        const auto expected =
            beyond == 0 ? std::nullopt : std::optional(Counter::kMalformedDescription);
        EXPECT_EQ(Decode(with([&](wire::Description& to) {
                      for (int i = 0; i < 64 + beyond; ++i) to.add_counters();
                  })),
                  expected);
        EXPECT_EQ(Decode(with([&](wire::Description& to) {
                      for (int i = 0; i < 32 + beyond; ++i) to.add_settings();
                  })),
                  expected);
        EXPECT_EQ(Decode(with([&](wire::Description& to) {
                      // Tag and length of a field of this size take three bytes.
                      to.set_plugin(std::string(8189 + static_cast<std::size_t>(beyond), 'x'));
                  })),
                  expected);
    }
    ASSERT_EQ(Decode(with([](wire::Description& to) {
                  to.set_plugin(std::string(500, 'x'));
                  to.set_uptime_ms(~std::uint64_t{0});
              })),
              std::nullopt);
    EXPECT_EQ(incoming_.description->plugin.size(), CodecLimits::kDescriptionBytes);
    EXPECT_GT(incoming_.description->uptime, std::chrono::hours(24 * 365));
    const std::string one =
        with([](wire::Description& to) { to.set_number(1); }).SerializeAsString();
    EXPECT_EQ(Decode(one + one), Counter::kMalformedDescription) << "a second one";
    EXPECT_TRUE(incoming_.empty());
}

}  // namespace
}  // namespace holdfast::gateway
