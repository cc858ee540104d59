// What workers send, from the generated classes' bytes and from hostile ones.
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <random>

#include "gateway/bus/codec.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

class DecoderTest : public testing::Test {
  protected:
    std::optional<Counter> Decode(std::string_view bytes) {
        return decoder_.Decode(bytes, incoming_);
    }
    std::optional<Counter> Decode(const wire::Envelope& envelope) {
        return Decode(envelope.SerializeAsString());
    }
    void ExpectNothingKept() {
        EXPECT_TRUE(incoming_.empty());
        EXPECT_EQ(incoming_.session, 0U);
    }

    CodecLimits limits_{1U << 20U, 1024};
    EnvelopeDecoder decoder_{limits_};
    Incoming incoming_;
};

wire::Envelope WithHello() {
    wire::Envelope envelope;
    wire::Hello& hello = *envelope.mutable_hello();
    hello.set_protocol(1);
    hello.set_instance("worker-1");
    hello.set_version("1.2");
    hello.set_threads(8);
    hello.set_pid(123456789);
    hello.set_host("host");
    wire::Service& service = *hello.add_services();
    service.set_name("orders");
    service.set_plugin("liborders.so");
    service.set_plugin_version("3");
    hello.add_services()->set_name("echo");
    return envelope;
}

wire::Envelope WithEverything() {
    wire::Envelope envelope = WithHello();
    envelope.set_session(42);
    wire::Pong& pong = *envelope.mutable_pong();
    pong.set_sequence(5);
    pong.set_started_through(1000);
    pong.set_oldest_started_age_ms(250);
    pong.set_queued(3);
    pong.set_running(4);
    pong.set_started_total(99);
    envelope.mutable_request_credit()->set_requests_total(64);
    envelope.mutable_request_credit()->set_bytes_total(std::uint64_t{1} << 41U);
    wire::Reply& reply = *envelope.add_replies();
    reply.set_id(~std::uint64_t{0});
    reply.set_attempt(2);
    reply.set_kind(wire::Reply::FAILED);
    reply.set_status(201);
    reply.set_body(std::string(300, 'b'));
    reply.set_detail("why");
    wire::Field& header = *reply.add_headers();
    header.set_name("content-type");
    header.set_value("text/plain");
    reply.add_headers()->set_name("x-empty");
    wire::Return& item = *envelope.add_returns();
    item.set_id(7);
    item.set_attempt(1);
    item.set_reason(wire::Return::STUCK);
    envelope.mutable_goodbye();
    wire::Description& description = *envelope.mutable_description();
    description.set_number(9);
    description.set_plugin("orders");
    description.set_plugin_version("3");
    description.set_built_with("gcc");
    description.set_abi("1.0");
    description.set_version("0.1");
    description.set_uptime_ms(1500);
    description.set_threads(4);
    wire::Description::Count& count = *description.add_counters();
    count.set_name("received");
    count.set_value(std::uint64_t{1} << 50U);
    wire::Field& setting = *description.add_settings();
    setting.set_name("capacity");
    setting.set_value("256");
    return envelope;
}

TEST_F(DecoderTest, TakesWhatTheGeneratedClassesWrite) {
    ASSERT_EQ(Decode(WithEverything()), std::nullopt);
    EXPECT_EQ(incoming_.session, 42U);
    ASSERT_TRUE(incoming_.hello);
    EXPECT_EQ(incoming_.hello->protocol, 1U);
    EXPECT_EQ(incoming_.hello->instance, "worker-1");
    EXPECT_EQ(incoming_.hello->version, "1.2");
    EXPECT_EQ(incoming_.hello->threads, 8U);
    EXPECT_EQ(incoming_.hello->pid, 123456789U);
    EXPECT_EQ(incoming_.hello->host, "host");
    ASSERT_EQ(incoming_.hello->services.size(), 2U);
    EXPECT_EQ(incoming_.hello->services[0].name, "orders");
    EXPECT_EQ(incoming_.hello->services[0].plugin, "liborders.so");
    EXPECT_EQ(incoming_.hello->services[0].plugin_version, "3");
    EXPECT_EQ(incoming_.hello->services[1].name, "echo");
    ASSERT_TRUE(incoming_.pong);
    EXPECT_EQ(incoming_.pong->sequence, 5U);
    EXPECT_EQ(incoming_.pong->started_through, 1000U);
    EXPECT_EQ(incoming_.pong->oldest_started, std::chrono::milliseconds(250));
    EXPECT_EQ(incoming_.pong->queued, 3U);
    EXPECT_EQ(incoming_.pong->running, 4U);
    ASSERT_TRUE(incoming_.request_credit);
    EXPECT_EQ(incoming_.request_credit->requests_total, 64U);
    EXPECT_EQ(incoming_.request_credit->bytes_total, std::uint64_t{1} << 41U);
    ASSERT_EQ(incoming_.replies.size(), 1U);
    const ReplyItem& item = incoming_.replies[0];
    EXPECT_EQ(item.id.value(), ~std::uint64_t{0});
    EXPECT_EQ(item.attempt, 2U);
    EXPECT_EQ(item.reply.kind, Reply::Kind::kFailed);
    EXPECT_EQ(item.reply.status, 201U);
    EXPECT_EQ(item.reply.body, std::string(300, 'b'));
    EXPECT_EQ(item.reply.detail, "why");
    EXPECT_EQ(item.reply.headers.Find("content-type"), "text/plain");
    EXPECT_TRUE(item.reply.headers.Contains("x-empty"));
    EXPECT_EQ(item.payload_bytes, 12U + 10 + 7 + 300 + 3);
    ASSERT_EQ(incoming_.returns.size(), 1U);
    EXPECT_EQ(incoming_.returns[0].id.value(), 7U);
    EXPECT_EQ(incoming_.returns[0].attempt, 1U);
    EXPECT_TRUE(incoming_.goodbye);
    ASSERT_TRUE(incoming_.description);
    const DescriptionItem& description = *incoming_.description;
    EXPECT_EQ(description.number, 9U);
    EXPECT_EQ(description.plugin, "orders");
    EXPECT_EQ(description.plugin_version, "3");
    EXPECT_EQ(description.built_with, "gcc");
    EXPECT_EQ(description.abi, "1.0");
    EXPECT_EQ(description.version, "0.1");
    EXPECT_EQ(description.uptime, std::chrono::milliseconds(1500));
    EXPECT_EQ(description.threads, 4U);
    ASSERT_EQ(description.counters.size(), 1U);
    EXPECT_EQ(description.counters[0].first, "received");
    EXPECT_EQ(description.counters[0].second, std::uint64_t{1} << 50U);
    ASSERT_EQ(description.settings.size(), 1U);
    EXPECT_EQ(description.settings[0].first, "capacity");
    EXPECT_EQ(description.settings[0].second, "256");
}

TEST_F(DecoderTest, AnEmptyEnvelopeIsAProbe) {
    EXPECT_EQ(Decode(""), std::nullopt);
    EXPECT_TRUE(incoming_.empty());
}

TEST_F(DecoderTest, NothingOfTheLastEnvelopeIsLeftInTheNext) {
    ASSERT_EQ(Decode(WithEverything()), std::nullopt);
    ASSERT_EQ(Decode(""), std::nullopt);
    ExpectNothingKept();
}

TEST_F(DecoderTest, UnknownFieldsAreSkipped) {
    std::string bytes = WithEverything().SerializeAsString();
    bytes += std::string("\xA8\x06\x01", 3);              // field 101, varint
    bytes += std::string("\xB2\x06\x02zz", 5);            // field 102, bytes
    bytes += std::string("\xBD\x06\x01\x02\x03\x04", 6);  // field 103, fixed32
    EXPECT_EQ(Decode(bytes), std::nullopt);
    EXPECT_EQ(incoming_.replies.size(), 1U);
}

TEST_F(DecoderTest, CutAnywhereItIsRefusedOrAShorterEnvelopeButNeverRead) {
    const std::string bytes = WithEverything().SerializeAsString();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        // A copy of its own, so that a read past the end is one past an allocation.
        const std::vector<char> cut(bytes.begin(),
                                    bytes.begin() + static_cast<std::ptrdiff_t>(size));
        const auto reason = Decode(std::string_view(cut.data(), cut.size()));
        wire::Envelope parsed;
        EXPECT_EQ(!reason, parsed.ParseFromArray(cut.data(), static_cast<int>(size))) << size;
        if (reason) ExpectNothingKept();
    }
}

TEST_F(DecoderTest, FlippedBitsNeverCrashAndWhatIsTakenParsesToTheSame) {
    google::protobuf::LogSilencer no_lines_about_utf8;
    std::mt19937 random(20260101);
    const std::string good = WithEverything().SerializeAsString();
    std::size_t refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = good;
        for (std::size_t flips = 1 + random() % 3; flips > 0; --flips) {
            bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
        }
        if (Decode(bytes)) {
            ++refused;
            ExpectNothingKept();
            continue;
        }
        wire::Envelope parsed;
        // Stricter in text only: generated classes refuse what is not UTF-8, here it is made
        // printable.
        if (!parsed.ParseFromString(bytes)) continue;
        EXPECT_EQ(incoming_.session, parsed.session());
        ASSERT_EQ(incoming_.replies.size(), static_cast<std::size_t>(parsed.replies_size()));
        if (!incoming_.replies.empty() && incoming_.replies_over_limit == 0) {
            EXPECT_EQ(incoming_.replies[0].id.value(), parsed.replies(0).id());
            EXPECT_EQ(incoming_.replies[0].reply.body, parsed.replies(0).body());
        }
    }
    EXPECT_GT(refused, 1000U);
}

TEST_F(DecoderTest, BytesThatAreNotAnEnvelopeAreCountedAsSuch) {
    for (const std::string_view bytes : {
             std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
                              11),                     // endless varint
             std::string_view("\x02\x00", 2),          // field number 0
             std::string_view("\x0B\x0C", 2),          // a group
             std::string_view("\x09\x01\x02", 3),      // half a session
             std::string_view("\x9A\x01\x7Fz", 4),     // a reply longer than the message
             std::string_view("\x8A\x01\x02\x08", 4),  // likewise a pong
         }) {
        EXPECT_EQ(Decode(bytes), Counter::kMalformedEnvelope);
        ExpectNothingKept();
    }
    EXPECT_EQ(Decode(std::string_view("\x8A\x01\x01\x08", 4)), Counter::kMalformedEnvelope);
    EXPECT_EQ(Decode(std::string_view("\x92\x01\x01\x08", 4)), Counter::kMalformedCredit);
    EXPECT_EQ(Decode(std::string_view("\x9A\x01\x01\x08", 4)), Counter::kMalformedReply);
    EXPECT_EQ(Decode(std::string_view("\xA2\x01\x01\x08", 4)), Counter::kMalformedReply);
    EXPECT_EQ(Decode(std::string_view("\x9A\x01\x02\x18\x07", 5)), Counter::kMalformedReply);
}

TEST_F(DecoderTest, ItemsMeantForWorkersAreRefusedWhateverTheyAreWrappedIn) {
    wire::Envelope envelope;
    envelope.add_requests()->set_id(1);
    EXPECT_EQ(Decode(envelope), Counter::kMalformedDirection);
    envelope.Clear();
    envelope.mutable_welcome();
    EXPECT_EQ(Decode(envelope), Counter::kMalformedDirection);
    envelope = WithEverything();
    envelope.mutable_goodbye_ack();
    EXPECT_EQ(Decode(envelope), Counter::kMalformedDirection);
    ExpectNothingKept();
    EXPECT_EQ(Decode(std::string_view("\x10\x01", 2)), Counter::kMalformedDirection);
}

TEST_F(DecoderTest, CountsAndSizesBeyondTheLimitsAreRefused) {
    wire::Envelope envelope;
    for (std::size_t i = 0; i < CodecLimits::kItems; ++i) envelope.add_returns();
    EXPECT_EQ(Decode(envelope), std::nullopt);
    EXPECT_EQ(incoming_.returns.size(), CodecLimits::kItems);
    envelope.add_replies();
    EXPECT_EQ(Decode(envelope), Counter::kMalformedTooManyItems);
    ExpectNothingKept();
    EXPECT_EQ(Decode(std::string(limits_.max_message_bytes + 1, '\0')),
              Counter::kMalformedTooLarge);
    // A megabyte of empty items, which the generated classes would turn into fifty.
    std::string empties;
    while (empties.size() + 3 <= limits_.max_message_bytes) empties.append("\x9A\x01\x00", 3);
    EXPECT_EQ(Decode(empties), Counter::kMalformedTooManyItems);
}

TEST_F(DecoderTest, AHelloIsRefusedWhenItsNamesAreUnusable) {
    const auto refused = [&](auto change) {
        wire::Envelope envelope = WithHello();
        change(*envelope.mutable_hello());
        return Decode(envelope) == Counter::kMalformedHello;
    };
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.clear_instance(); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.set_instance(std::string(129, 'i')); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.set_instance("a\nb"); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.set_instance("a b"); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.clear_services(); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.add_services(); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) { hello.add_services()->set_name("a/b"); }));
    EXPECT_TRUE(
        refused([](wire::Hello& hello) { hello.add_services()->set_name(std::string(129, 's')); }));
    EXPECT_TRUE(refused([](wire::Hello& hello) {
        for (std::size_t i = 0; i < CodecLimits::kServices; ++i) {
            hello.add_services()->set_name("s" + std::to_string(i));
        }
    }));
    EXPECT_FALSE(refused([](wire::Hello& hello) { hello.set_instance(std::string(128, 'i')); }));
}

TEST_F(DecoderTest, AHelloOfAnotherProtocolIsPassedOnToBeRefusedByItsVersion) {
    wire::Envelope envelope = WithHello();
    envelope.mutable_hello()->set_protocol(9);
    envelope.mutable_hello()->set_instance("new\nkind");
    envelope.mutable_hello()->add_services();
    ASSERT_EQ(Decode(envelope), std::nullopt);
    EXPECT_EQ(incoming_.hello->protocol, 9U);
    EXPECT_EQ(incoming_.hello->instance, "new kind");
    EXPECT_TRUE(incoming_.hello->services.empty());
}

TEST_F(DecoderTest, AReplyWithTooManyHeadersFailsAloneAndIsCounted) {
    wire::Envelope envelope;
    wire::Reply& many = *envelope.add_replies();
    many.set_id(1);
    many.set_body("body");
    for (std::size_t i = 0; i <= CodecLimits::kReplyHeaders; ++i) many.add_headers()->set_name("h");
    wire::Reply& large = *envelope.add_replies();
    large.set_id(2);
    large.add_headers()->set_value(std::string(1025, 'v'));
    wire::Reply& good = *envelope.add_replies();
    good.set_id(3);
    good.add_headers()->set_value(std::string(1024, 'v'));
    ASSERT_EQ(Decode(envelope), std::nullopt);
    ASSERT_EQ(incoming_.replies.size(), 3U);
    EXPECT_EQ(incoming_.replies_over_limit, 2U);
    EXPECT_EQ(incoming_.replies[0].reply.kind, Reply::Kind::kFailed);
    EXPECT_EQ(incoming_.replies[0].reply.body, "");
    EXPECT_TRUE(incoming_.replies[0].reply.headers.empty());
    EXPECT_EQ(incoming_.replies[0].payload_bytes, 4U + 129);
    EXPECT_EQ(incoming_.replies[1].reply.kind, Reply::Kind::kFailed);
    EXPECT_EQ(incoming_.replies[2].reply.kind, Reply::Kind::kAnswered);
}

TEST_F(DecoderTest, TextForPeopleIsCutAndMadePrintable) {
    wire::Envelope envelope = WithHello();
    envelope.mutable_hello()->set_host(std::string(200, 'h'));
    envelope.mutable_hello()->set_version("1\r\nforged line");
    wire::Reply& reply = *envelope.add_replies();
    reply.set_detail(std::string(5000, 'd'));
    ASSERT_EQ(Decode(envelope), std::nullopt);
    EXPECT_EQ(incoming_.hello->host.size(), CodecLimits::kDescriptionBytes);
    EXPECT_EQ(incoming_.hello->version, "1  forged line");
    EXPECT_EQ(incoming_.replies[0].reply.detail.size(), CodecLimits::kDetailBytes);
    EXPECT_EQ(incoming_.replies[0].payload_bytes, 5000U);
}

}  // namespace
}  // namespace holdfast::gateway
