#include <cassert>
#include <chrono>

#include "gateway/bus/codec.h"
#include "gateway/bus/wire_format.h"
#include "gateway/core/dispatcher.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

using wire::Envelope;
using wire_format::BytesSize;
using wire_format::Fixed64Size;
using wire_format::MessageSize;
using wire_format::UintSize;
using wire_format::Writer;

std::uint64_t Milliseconds(Duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::size_t FieldSize(const Field& field) {
    return BytesSize(wire::Field::kNameFieldNumber, field.name) +
           BytesSize(wire::Field::kValueFieldNumber, field.value);
}

std::size_t FieldsSize(int number, const FieldList& fields) {
    std::size_t size = 0;
    for (const Field field : fields) size += MessageSize(number, FieldSize(field));
    return size;
}

void WriteFields(Writer& writer, int number, const FieldList& fields) {
    for (const Field field : fields) {
        writer.Message(number, FieldSize(field));
        writer.Bytes(wire::Field::kNameFieldNumber, field.name);
        writer.Bytes(wire::Field::kValueFieldNumber, field.value);
    }
}

std::size_t SizeOf(const OutgoingRequest& item) {
    using wire::Request;
    const auto& request = *item.request;
    return Fixed64Size(Request::kIdFieldNumber, item.id.value()) +
           UintSize(Request::kAttemptFieldNumber, item.attempt) +
           UintSize(Request::kSequenceFieldNumber, item.sequence) +
           UintSize(Request::kTimeoutMsFieldNumber, item.timeout_ms) +
           BytesSize(Request::kServiceFieldNumber, request.route->service) +
           BytesSize(Request::kRouteFieldNumber, request.route->path) +
           BytesSize(Request::kMethodFieldNumber, request.method) +
           BytesSize(Request::kTargetFieldNumber, request.target) +
           FieldsSize(Request::kParametersFieldNumber, request.parameters) +
           FieldsSize(Request::kHeadersFieldNumber, request.headers) +
           FieldsSize(Request::kAttributesFieldNumber, request.attributes) +
           BytesSize(Request::kIdempotencyKeyFieldNumber, request.idempotency_key) +
           BytesSize(Request::kBodyFieldNumber, request.body);
}

void WriteRequest(Writer& writer, const OutgoingRequest& item) {
    using wire::Request;
    const auto& request = *item.request;
    writer.Fixed64(Request::kIdFieldNumber, item.id.value());
    writer.Uint(Request::kAttemptFieldNumber, item.attempt);
    writer.Uint(Request::kSequenceFieldNumber, item.sequence);
    writer.Uint(Request::kTimeoutMsFieldNumber, item.timeout_ms);
    writer.Bytes(Request::kServiceFieldNumber, request.route->service);
    writer.Bytes(Request::kRouteFieldNumber, request.route->path);
    writer.Bytes(Request::kMethodFieldNumber, request.method);
    writer.Bytes(Request::kTargetFieldNumber, request.target);
    WriteFields(writer, Request::kParametersFieldNumber, request.parameters);
    WriteFields(writer, Request::kHeadersFieldNumber, request.headers);
    WriteFields(writer, Request::kAttributesFieldNumber, request.attributes);
    writer.Bytes(Request::kIdempotencyKeyFieldNumber, request.idempotency_key);
    writer.Bytes(Request::kBodyFieldNumber, request.body);
}

std::size_t SizeOf(const OutgoingCancel& cancel) {
    return Fixed64Size(wire::Cancel::kIdFieldNumber, cancel.id.value()) +
           UintSize(wire::Cancel::kAttemptFieldNumber, cancel.attempt);
}

std::size_t SizeOf(const OutgoingWelcome& welcome, std::string_view gateway) {
    using wire::Welcome;
    return UintSize(Welcome::kProtocolFieldNumber, welcome.protocol) +
           BytesSize(Welcome::kGatewayFieldNumber, gateway) +
           UintSize(Welcome::kPingIntervalMsFieldNumber, Milliseconds(welcome.ping_interval)) +
           UintSize(Welcome::kLeaseMsFieldNumber, Milliseconds(welcome.lease)) +
           UintSize(Welcome::kMaxMessageBytesFieldNumber, welcome.max_message_bytes) +
           UintSize(Welcome::kMaxReplyBytesFieldNumber, welcome.max_reply_bytes);
}

void WriteWelcome(Writer& writer, const OutgoingWelcome& welcome, std::string_view gateway) {
    using wire::Welcome;
    writer.Uint(Welcome::kProtocolFieldNumber, welcome.protocol);
    writer.Bytes(Welcome::kGatewayFieldNumber, gateway);
    writer.Uint(Welcome::kPingIntervalMsFieldNumber, Milliseconds(welcome.ping_interval));
    writer.Uint(Welcome::kLeaseMsFieldNumber, Milliseconds(welcome.lease));
    writer.Uint(Welcome::kMaxMessageBytesFieldNumber, welcome.max_message_bytes);
    writer.Uint(Welcome::kMaxReplyBytesFieldNumber, welcome.max_reply_bytes);
}

std::uint64_t ReasonOf(Outgoing::Refusal refusal) {
    switch (refusal) {
        case Outgoing::Refusal::kNone:
            break;
        case Outgoing::Refusal::kProtocol:
            return wire::Refused::PROTOCOL;
        case Outgoing::Refusal::kTooManyPeers:
            return wire::Refused::TOO_MANY_PEERS;
        case Outgoing::Refusal::kBadHello:
            return wire::Refused::BAD_HELLO;
    }
    return wire::Refused::UNSPECIFIED;
}

std::size_t RefusedSize(const Outgoing& outgoing) {
    using wire::Refused;
    return UintSize(Refused::kReasonFieldNumber, ReasonOf(outgoing.refusal)) +
           BytesSize(Refused::kDetailFieldNumber, outgoing.refusal_detail) +
           UintSize(Refused::kProtocolFieldNumber, kProtocolVersion);
}

std::size_t WhoAreYouSize() {
    return UintSize(wire::WhoAreYou::kProtocolFieldNumber, kProtocolVersion);
}

}  // namespace

std::size_t EnvelopeEncoder::Measure(const Outgoing& outgoing) {
    size_ = Fixed64Size(Envelope::kSessionFieldNumber, outgoing.session);
    if (outgoing.who_are_you) {
        size_ += MessageSize(Envelope::kWhoAreYouFieldNumber, WhoAreYouSize());
    }
    if (outgoing.welcome != nullptr) {
        size_ += MessageSize(Envelope::kWelcomeFieldNumber, SizeOf(*outgoing.welcome, gateway_));
    }
    if (outgoing.refusal != Outgoing::Refusal::kNone) {
        size_ += MessageSize(Envelope::kRefusedFieldNumber, RefusedSize(outgoing));
    }
    if (outgoing.ping_sequence != 0) {
        size_ += MessageSize(Envelope::kPingFieldNumber,
                             UintSize(wire::Ping::kSequenceFieldNumber, outgoing.ping_sequence));
    }
    if (outgoing.reply_credit_bytes != 0) {
        size_ += MessageSize(
            Envelope::kReplyCreditFieldNumber,
            UintSize(wire::ReplyCredit::kBytesTotalFieldNumber, outgoing.reply_credit_bytes));
    }
    if (outgoing.describe != 0) {
        size_ += MessageSize(Envelope::kDescribeFieldNumber,
                             UintSize(wire::Describe::kNumberFieldNumber, outgoing.describe));
    }
    request_sizes_.clear();
    for (const OutgoingRequest& request : outgoing.requests) {
        const std::size_t size = SizeOf(request);
        request_sizes_.push_back(size);
        size_ += MessageSize(Envelope::kRequestsFieldNumber, size);
    }
    for (const OutgoingCancel& cancel : outgoing.cancels) {
        size_ += MessageSize(Envelope::kCancelsFieldNumber, SizeOf(cancel));
    }
    if (outgoing.goodbye_ack) size_ += MessageSize(Envelope::kGoodbyeAckFieldNumber, 0);
    return size_;
}

void EnvelopeEncoder::Write(const Outgoing& outgoing, char* to) const {
    Writer writer(to, size_);
    writer.Fixed64(Envelope::kSessionFieldNumber, outgoing.session);
    if (outgoing.who_are_you) {
        writer.Message(Envelope::kWhoAreYouFieldNumber, WhoAreYouSize());
        writer.Uint(wire::WhoAreYou::kProtocolFieldNumber, kProtocolVersion);
    }
    if (outgoing.welcome != nullptr) {
        writer.Message(Envelope::kWelcomeFieldNumber, SizeOf(*outgoing.welcome, gateway_));
        WriteWelcome(writer, *outgoing.welcome, gateway_);
    }
    if (outgoing.refusal != Outgoing::Refusal::kNone) {
        writer.Message(Envelope::kRefusedFieldNumber, RefusedSize(outgoing));
        writer.Uint(wire::Refused::kReasonFieldNumber, ReasonOf(outgoing.refusal));
        writer.Bytes(wire::Refused::kDetailFieldNumber, outgoing.refusal_detail);
        writer.Uint(wire::Refused::kProtocolFieldNumber, kProtocolVersion);
    }
    if (outgoing.ping_sequence != 0) {
        writer.Message(Envelope::kPingFieldNumber,
                       UintSize(wire::Ping::kSequenceFieldNumber, outgoing.ping_sequence));
        writer.Uint(wire::Ping::kSequenceFieldNumber, outgoing.ping_sequence);
    }
    if (outgoing.reply_credit_bytes != 0) {
        writer.Message(
            Envelope::kReplyCreditFieldNumber,
            UintSize(wire::ReplyCredit::kBytesTotalFieldNumber, outgoing.reply_credit_bytes));
        writer.Uint(wire::ReplyCredit::kBytesTotalFieldNumber, outgoing.reply_credit_bytes);
    }
    for (std::size_t i = 0; i < outgoing.requests.size(); ++i) {
        writer.Message(Envelope::kRequestsFieldNumber, request_sizes_[i]);
        WriteRequest(writer, outgoing.requests[i]);
    }
    for (const OutgoingCancel& cancel : outgoing.cancels) {
        writer.Message(Envelope::kCancelsFieldNumber, SizeOf(cancel));
        writer.Fixed64(wire::Cancel::kIdFieldNumber, cancel.id.value());
        writer.Uint(wire::Cancel::kAttemptFieldNumber, cancel.attempt);
    }
    if (outgoing.goodbye_ack) writer.Message(Envelope::kGoodbyeAckFieldNumber, 0);
    if (outgoing.describe != 0) {
        writer.Message(Envelope::kDescribeFieldNumber,
                       UintSize(wire::Describe::kNumberFieldNumber, outgoing.describe));
        writer.Uint(wire::Describe::kNumberFieldNumber, outgoing.describe);
    }
    assert(writer.AtEnd());
}

}  // namespace holdfast::gateway
