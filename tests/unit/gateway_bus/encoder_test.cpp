// The hand-written encoder against the generated classes: the same bytes.
#include <gtest/gtest.h>

#include "gateway/bus/codec.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

std::string Encode(const Outgoing& outgoing) {
    EnvelopeEncoder encoder("gateway-1");
    std::string bytes(encoder.Measure(outgoing), '\0');
    encoder.Write(outgoing, bytes.data());
    return bytes;
}

void ExpectSameBytes(const Outgoing& outgoing, const wire::Envelope& expected) {
    const std::string bytes = Encode(outgoing);
    EXPECT_EQ(bytes, expected.SerializeAsString());
}

void Copy(const FieldList& from, google::protobuf::RepeatedPtrField<wire::Field>& to) {
    for (const Field field : from) {
        wire::Field& copy = *to.Add();
        copy.set_name(std::string(field.name));
        copy.set_value(std::string(field.value));
    }
}

wire::Request ToWire(const OutgoingRequest& item) {
    wire::Request request;
    request.set_id(item.id.value());
    request.set_attempt(item.attempt);
    request.set_sequence(item.sequence);
    request.set_timeout_ms(item.timeout_ms);
    request.set_service(item.request->route->service);
    request.set_route(item.request->route->path);
    request.set_method(item.request->method);
    request.set_target(item.request->target);
    Copy(item.request->parameters, *request.mutable_parameters());
    Copy(item.request->headers, *request.mutable_headers());
    Copy(item.request->attributes, *request.mutable_attributes());
    request.set_idempotency_key(item.request->idempotency_key);
    request.set_body(item.request->body);
    return request;
}

TEST(EncoderTest, AnEmptyEnvelopeHasNoBytes) {
    EXPECT_EQ(Encode({}), "");
}

TEST(EncoderTest, ControlItemsAreWhatTheGeneratedClassesWrite) {
    Outgoing outgoing;
    outgoing.session = 0x0123456789abcdef;
    outgoing.who_are_you = true;
    outgoing.goodbye_ack = true;
    outgoing.ping_sequence = 300;
    outgoing.reply_credit_bytes = std::uint64_t{1} << 40U;
    outgoing.describe = 301;
    const OutgoingWelcome welcome{1, std::chrono::milliseconds(200), std::chrono::milliseconds(500),
                                  2U << 20U, 1U << 20U};
    outgoing.welcome = &welcome;

    wire::Envelope expected;
    expected.set_session(outgoing.session);
    expected.mutable_who_are_you()->set_protocol(1);
    expected.mutable_goodbye_ack();
    expected.mutable_ping()->set_sequence(300);
    expected.mutable_describe()->set_number(301);
    expected.mutable_reply_credit()->set_bytes_total(std::uint64_t{1} << 40U);
    expected.mutable_welcome()->set_protocol(1);
    expected.mutable_welcome()->set_gateway("gateway-1");
    expected.mutable_welcome()->set_ping_interval_ms(200);
    expected.mutable_welcome()->set_lease_ms(500);
    expected.mutable_welcome()->set_max_message_bytes(2U << 20U);
    expected.mutable_welcome()->set_max_reply_bytes(1U << 20U);
    ExpectSameBytes(outgoing, expected);
}

TEST(EncoderTest, ARefusalCarriesItsReasonAndTheGatewaysProtocol) {
    for (const auto& [refusal, reason] :
         {std::pair{Outgoing::Refusal::kProtocol, wire::Refused::PROTOCOL},
          std::pair{Outgoing::Refusal::kTooManyPeers, wire::Refused::TOO_MANY_PEERS},
          std::pair{Outgoing::Refusal::kBadHello, wire::Refused::BAD_HELLO}}) {
        Outgoing outgoing;
        outgoing.refusal = refusal;
        outgoing.refusal_detail = "because";
        wire::Envelope expected;
        expected.mutable_refused()->set_reason(reason);
        expected.mutable_refused()->set_detail("because");
        expected.mutable_refused()->set_protocol(1);
        ExpectSameBytes(outgoing, expected);
    }
}

TEST(EncoderTest, RequestsAndCancelsAreWhatTheGeneratedClassesWrite) {
    Route route;
    route.path = "/v1/orders/{id}";
    route.service = "orders";
    Request full;
    full.route = &route;
    full.method = "POST";
    full.target = "/v1/orders/7?x=1";
    full.parameters.Append("id", "7");
    full.headers.Append("content-type", "application/json");
    full.headers.Append("x-empty", "");
    full.headers.Append("", "nameless");
    full.attributes.Append("order_id", std::string(300, 'u'));
    full.idempotency_key = "key";
    full.body = std::string(70'000, 'b');
    Request bare;
    bare.route = &route;
    const std::vector<OutgoingRequest> requests = {
        {CorrelationId(~std::uint64_t{0}), 2, std::uint64_t{1} << 63U, ~std::uint32_t{0}, &full},
        {CorrelationId(1), 1, 127, 128, &bare},
        {CorrelationId(), 0, 0, 0, &bare}};
    const std::vector<OutgoingCancel> cancels = {{CorrelationId(5), 1}, {CorrelationId(), 0}};

    Outgoing outgoing;
    outgoing.session = 1;
    outgoing.requests = requests;
    outgoing.cancels = cancels;
    wire::Envelope expected;
    expected.set_session(1);
    for (const OutgoingRequest& request : requests) *expected.add_requests() = ToWire(request);
    for (const OutgoingCancel& cancel : cancels) {
        wire::Cancel& copy = *expected.add_cancels();
        copy.set_id(cancel.id.value());
        copy.set_attempt(cancel.attempt);
    }
    ExpectSameBytes(outgoing, expected);
}

}  // namespace
}  // namespace holdfast::gateway
