#include "worker/runtime/envelope_decoder.h"

#include <gtest/gtest.h>

#include "proto/envelope.pb.h"
#include "worker/runtime/envelope_encoder.h"

namespace holdfast::worker {
namespace {

class Decoder : public ::testing::Test {
  protected:
    Malformed Decode(const wire::Envelope& envelope) {
        bytes = envelope.SerializeAsString();
        return decoder.Decode(bytes, incoming);
    }
    static wire::Request& AddRequest(wire::Envelope& envelope) {
        wire::Request& request = *envelope.add_requests();
        request.set_id(0xfedcba9876543210U);
        request.set_attempt(1);
        request.set_sequence(3);
        request.set_timeout_ms(1500);
        request.set_service("orders");
        return request;
    }
    static wire::Envelope Welcome() {
        wire::Envelope envelope;
        envelope.set_session(7);
        wire::Welcome& welcome = *envelope.mutable_welcome();
        welcome.set_gateway("g\n1");
        welcome.set_ping_interval_ms(200);
        welcome.set_lease_ms(500);
        welcome.set_max_message_bytes(1000);
        welcome.set_max_reply_bytes(900);
        return envelope;
    }

    EnvelopeDecoder decoder{{"orders"}};
    Incoming incoming;
    std::string bytes;
};

TEST_F(Decoder, TakesEverythingAGatewaySays) {
    wire::Envelope envelope = Welcome();
    envelope.mutable_who_are_you()->set_protocol(1);
    envelope.mutable_ping()->set_sequence(5);
    envelope.mutable_reply_credit()->set_bytes_total(99);
    envelope.mutable_goodbye_ack();
    envelope.mutable_describe()->set_number(6);
    wire::Cancel& cancel = *envelope.add_cancels();
    cancel.set_id(4);
    cancel.set_attempt(2);
    ASSERT_EQ(Decode(envelope), Malformed::kNone);
    EXPECT_EQ(incoming.describe, 6U);
    EXPECT_EQ(incoming.session, 7U);
    EXPECT_TRUE(incoming.who_are_you && incoming.goodbye_ack);
    EXPECT_EQ(incoming.welcome.value().lease, std::chrono::milliseconds(500));
    EXPECT_EQ(incoming.welcome.value().ping_interval, std::chrono::milliseconds(200));
    EXPECT_EQ(incoming.gateway, "g?1");
    EXPECT_EQ(incoming.ping, 5U);
    EXPECT_EQ(incoming.reply_credit, 99U);
    ASSERT_EQ(incoming.cancels.size(), 1U);
    EXPECT_EQ(incoming.cancels[0].id, 4U);
    EXPECT_EQ(incoming.cancels[0].attempt, 2U);
}

TEST_F(Decoder, ARequestIsCopiedWhole) {
    wire::Envelope envelope;
    wire::Request& request = AddRequest(envelope);
    request.set_route("/v1/orders/{id}");
    request.set_method("POST");
    request.set_target("/v1/orders/5?x=1");
    request.set_idempotency_key("key");
    request.set_body(std::string("\0\xff", 2));
    const auto add = [](wire::Field* field, const char* name, const char* value) {
        field->set_name(name);
        field->set_value(value);
    };
    add(request.add_parameters(), "id", "5");
    add(request.add_headers(), "a", "1");
    add(request.add_headers(), "a", "");
    add(request.add_attributes(), "orderId", "x");
    ASSERT_EQ(Decode(envelope), Malformed::kNone);
    bytes.assign(bytes.size(), '?');  // the envelope is gone

    ASSERT_EQ(incoming.requests.size(), 1U);
    const RequestItem& item = incoming.requests[0];
    EXPECT_EQ(item.id, 0xfedcba9876543210U);
    EXPECT_EQ(item.sequence, 3U);
    EXPECT_EQ(item.timeout, std::chrono::milliseconds(1500));
    EXPECT_TRUE(item.served);
    EXPECT_EQ(item.payload_bytes, 6U + 15 + 4 + 16 + 3 + 2 + (2 + 1) + (1 + 1) + 1 + (7 + 1));
    const auto text = [](holdfast_span span) { return std::string(span.data, span.size); };
    const holdfast_request_v1& got = static_cast<const RequestBlock&>(*item.payload).request();
    EXPECT_EQ(got.size, sizeof got);
    EXPECT_EQ(got.correlation_id, item.id);
    EXPECT_EQ(got.attempt, 1U);
    EXPECT_EQ(text(got.service), "orders");
    EXPECT_EQ(text(got.route), "/v1/orders/{id}");
    EXPECT_EQ(text(got.method), "POST");
    EXPECT_EQ(text(got.target), "/v1/orders/5?x=1");
    EXPECT_EQ(text(got.idempotency_key), "key");
    EXPECT_EQ(text(got.body), std::string("\0\xff", 2));
    ASSERT_EQ(got.parameters.count, 1U);
    EXPECT_EQ(text(got.parameters.items[0].name), "id");
    ASSERT_EQ(got.headers.count, 2U);
    EXPECT_EQ(text(got.headers.items[1].name), "a");
    EXPECT_EQ(got.headers.items[1].value.size, 0U);
    ASSERT_EQ(got.attributes.count, 1U);
    EXPECT_EQ(text(got.attributes.items[0].value), "x");
}

TEST_F(Decoder, KnowsWhichServicesThePluginServes) {
    wire::Envelope envelope;
    AddRequest(envelope).set_service("other");
    ASSERT_EQ(Decode(envelope), Malformed::kNone);
    EXPECT_FALSE(incoming.requests[0].served);
}

TEST_F(Decoder, UnknownFieldsAreSkipped) {
    wire::Envelope envelope;
    AddRequest(envelope);
    const std::string unknown("\xfa\x3f\x02hi\xf0\x3f\x05\xf1\x3f________", 18);
    EXPECT_EQ(decoder.Decode(envelope.SerializeAsString() + unknown, incoming), Malformed::kNone);
    EXPECT_EQ(incoming.requests.size(), 1U);
}

TEST_F(Decoder, AnEnvelopeThatIsCutAnywhereIsTakenWholeOrNotAtAll) {
    wire::Envelope envelope = Welcome();
    wire::Request& request = AddRequest(envelope);
    request.set_body("body");
    request.add_headers()->set_name("n");
    const std::string whole = envelope.SerializeAsString();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        if (decoder.Decode(std::string_view(whole).substr(0, size), incoming) != Malformed::kNone) {
            EXPECT_TRUE(incoming.requests.empty());
            EXPECT_FALSE(incoming.welcome);
        }
    }
}

TEST_F(Decoder, RequestsWithoutANameAreRefused) {
    for (const int missing : {1, 2, 3}) {
        wire::Envelope envelope;
        wire::Request& request = AddRequest(envelope);
        if (missing == 1) request.clear_id();
        if (missing == 2) request.clear_attempt();
        if (missing == 3) request.clear_sequence();
        EXPECT_EQ(Decode(envelope), Malformed::kBadRequest) << missing;
    }
}

TEST_F(Decoder, AWelcomeWithoutTermsIsRefused) {
    wire::Envelope envelope = Welcome();
    envelope.clear_session();
    EXPECT_EQ(Decode(envelope), Malformed::kBadWelcome);
    envelope = Welcome();
    envelope.mutable_welcome()->clear_lease_ms();
    EXPECT_EQ(Decode(envelope), Malformed::kBadWelcome);
}

TEST_F(Decoder, ItemsAndFieldsAreCountedBeforeTheyAreStored) {
    wire::Envelope cancels;
    for (std::size_t i = 0; i <= DecoderLimits::kItems; ++i) cancels.add_cancels();
    EXPECT_EQ(Decode(cancels), Malformed::kTooManyItems);
    wire::Envelope fields;
    wire::Request& request = AddRequest(fields);
    for (std::size_t i = 0; i <= DecoderLimits::kRequestFields; ++i) request.add_headers();
    EXPECT_EQ(Decode(fields), Malformed::kTooManyFields);
    wire::Envelope many;
    for (std::size_t i = 0; i <= DecoderLimits::kFields / 1000; ++i) {
        wire::Request& one = AddRequest(many);
        for (int field = 0; field < 1000; ++field) one.add_attributes();
    }
    EXPECT_EQ(Decode(many), Malformed::kTooManyFields);
}

TEST_F(Decoder, TheFullestEnvelopeOfAGatewayIsTaken) {
    wire::Envelope envelope;
    for (int i = 0; i < 1024; ++i) {
        wire::Request& request = AddRequest(envelope);
        for (int field = 0; field < 1000; ++field) request.add_headers()->set_name("a");
        envelope.add_cancels();
    }
    EXPECT_EQ(Decode(envelope), Malformed::kNone);
    EXPECT_EQ(incoming.requests.size(), 1024U);
    EXPECT_EQ(incoming.cancels.size(), 1024U);
}

TEST_F(Decoder, BytesThatAreNoMessageAreRefused) {
    for (const std::string_view bad :
         {std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
          std::string_view("\x0b"), std::string_view("\x3a\x05\x09"), std::string_view("\x09\x01"),
          std::string_view("\0", 1), std::string_view("\x3a\xff\xff\xff\xff\x0f")}) {
        EXPECT_EQ(decoder.Decode(bad, incoming), Malformed::kWire);
    }
}

TEST(Encoder, ARepliesEncodingIsWhatProtobufReads) {
    const holdfast_field headers[] = {{{"content-type", 12}, {"text/x", 6}}, {{"x", 1}, {"", 0}}};
    const ReplyItem item = EncodeReply({.id = 0x8000000000000001U,
                                        .attempt = 2,
                                        .kind = ReplyKind::kNotProcessed,
                                        .status = 503,
                                        .headers = {headers, 2},
                                        .body = std::string_view("\0b", 2),
                                        .detail = "why"});
    EXPECT_EQ(item.payload_bytes, 12U + 6 + 1 + 2 + 3);
    wire::Envelope envelope;
    ASSERT_TRUE(envelope.ParseFromString(item.encoded + item.encoded));
    ASSERT_EQ(envelope.replies_size(), 2);
    const wire::Reply& reply = envelope.replies(1);
    EXPECT_EQ(reply.id(), 0x8000000000000001U);
    EXPECT_EQ(reply.attempt(), 2U);
    EXPECT_EQ(reply.kind(), wire::Reply::NOT_PROCESSED);
    EXPECT_EQ(reply.status(), 503U);
    ASSERT_EQ(reply.headers_size(), 2);
    EXPECT_EQ(reply.headers(0).name(), "content-type");
    EXPECT_EQ(reply.headers(1).value(), "");
    EXPECT_EQ(reply.body(), std::string("\0b", 2));
    EXPECT_EQ(reply.detail(), "why");
}

TEST(Encoder, AnEnvelopeHoldsAllThatIsReady) {
    EnvelopeEncoder encoder({.instance = "i",
                             .version = "v",
                             .host = "h",
                             .plugin = "p",
                             .plugin_version = "1",
                             .services = {"a", "b"},
                             .threads = 3,
                             .pid = 9});
    RequestRecord answered;
    answered.reply = EncodeReply({.id = 1, .attempt = 1, .status = 200});
    RequestRecord failed;
    failed.id = 2;
    failed.attempt = 1;
    failed.reply = {ReplyKind::kFailed, 5, {}, "large"};
    RequestRecord* const replies[] = {&answered, &failed};
    const ReturnItem returns[] = {{3, 1, ReturnReason::kStuck}};
    PongItem pong;
    pong.sequence = 8;
    pong.oldest_started = std::chrono::microseconds(1);
    const RequestCreditItem credit{10, 20};
    Outgoing outgoing;
    outgoing.session = 7;
    outgoing.pong = &pong;
    outgoing.credit = &credit;
    outgoing.replies = replies;
    outgoing.returns = returns;
    std::string bytes(encoder.Measure(outgoing), '\0');
    encoder.Write(outgoing, bytes.data());
    wire::Envelope envelope;
    ASSERT_TRUE(envelope.ParseFromString(bytes));
    EXPECT_EQ(envelope.session(), 7U);
    EXPECT_EQ(envelope.pong().sequence(), 8U);
    EXPECT_EQ(envelope.pong().oldest_started_age_ms(), 1U);
    EXPECT_EQ(envelope.request_credit().bytes_total(), 20U);
    EXPECT_EQ(envelope.replies_size(), 2);
    EXPECT_EQ(envelope.returns(0).reason(), wire::Return::STUCK);

    Outgoing hello;
    hello.hello = true;
    hello.link = 3;
    bytes.assign(encoder.Measure(hello), '\0');
    encoder.Write(hello, bytes.data());
    ASSERT_TRUE(envelope.ParseFromString(bytes));
    EXPECT_EQ(envelope.hello().services_size(), 2);
    EXPECT_EQ(envelope.hello().instance(), "i-3") << "each connection is an instance of its own";
    EXPECT_EQ(envelope.replies_size(), 0);
}

}  // namespace
}  // namespace holdfast::worker
