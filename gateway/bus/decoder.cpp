#include <chrono>

#include "gateway/bus/codec.h"
#include "gateway/bus/description_decoder.h"
#include "gateway/bus/hello_decoder.h"
#include "gateway/bus/printable.h"
#include "gateway/bus/wire_format.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

using wire::Envelope;
using wire_format::NumberOf;
using wire_format::Reader;
using wire_format::Tag;
using wire_format::Type;

constexpr auto kVarint = Type::kVarint;
constexpr auto kFixed64 = Type::kFixed64;
constexpr auto kBytes = Type::kBytes;

/// As protobuf reads a uint32: its low bits.
std::uint32_t Narrow(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

bool IsForWorkers(std::uint32_t number) {
    return number >= Envelope::kWhoAreYouFieldNumber && number <= Envelope::kDescribeFieldNumber;
}

bool DecodePong(std::string_view bytes, PongItem& pong) {
    using wire::Pong;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(Pong::kSequenceFieldNumber, kVarint):
                pong.sequence = field.value;
                break;
            case Tag(Pong::kStartedThroughFieldNumber, kVarint):
                pong.started_through = field.value;
                break;
            case Tag(Pong::kOldestStartedAgeMsFieldNumber, kVarint):
                pong.oldest_started = std::chrono::milliseconds(Narrow(field.value));
                break;
            case Tag(Pong::kQueuedFieldNumber, kVarint):
                pong.queued = Narrow(field.value);
                break;
            case Tag(Pong::kRunningFieldNumber, kVarint):
                pong.running = Narrow(field.value);
                break;
            default:
                break;
        }
    }
    return reader.ok();
}

bool DecodeRequestCredit(std::string_view bytes, RequestCreditItem& credit) {
    using wire::RequestCredit;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(RequestCredit::kRequestsTotalFieldNumber, kVarint):
                credit.requests_total = field.value;
                break;
            case Tag(RequestCredit::kBytesTotalFieldNumber, kVarint):
                credit.bytes_total = field.value;
                break;
            default:
                break;
        }
    }
    return reader.ok();
}

bool DecodeReturn(std::string_view bytes, ReturnItem& item) {
    using wire::Return;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(Return::kIdFieldNumber, kFixed64):
                item.id = CorrelationId(field.value);
                break;
            case Tag(Return::kAttemptFieldNumber, kVarint):
                item.attempt = Narrow(field.value);
                break;
            default:
                break;
        }
    }
    return reader.ok();
}

bool DecodeField(std::string_view bytes, Field& into) {
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        if (field.tag == Tag(wire::Field::kNameFieldNumber, kBytes)) into.name = field.bytes;
        if (field.tag == Tag(wire::Field::kValueFieldNumber, kBytes)) into.value = field.bytes;
    }
    return reader.ok();
}

}  // namespace

void Incoming::Clear() {
    session = 0;
    hello.reset();
    pong.reset();
    request_credit.reset();
    description.reset();
    replies.clear();
    returns.clear();
    goodbye = false;
    replies_over_limit = 0;
}

std::optional<Counter> EnvelopeDecoder::DecodeReply(std::string_view bytes, Incoming& into) {
    using wire::Reply;
    ReplyItem& item = into.replies.emplace_back();
    std::uint64_t kind = Reply::ANSWERED;
    // Views of the envelope, until it is known that they are within the limits.
    std::size_t header_count = 0;
    std::size_t header_bytes = 0;
    headers_.clear();
    std::string_view body;
    std::string_view detail;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(Reply::kIdFieldNumber, kFixed64):
                item.id = CorrelationId(field.value);
                break;
            case Tag(Reply::kAttemptFieldNumber, kVarint):
                item.attempt = Narrow(field.value);
                break;
            case Tag(Reply::kKindFieldNumber, kVarint):
                kind = field.value;
                break;
            case Tag(Reply::kStatusFieldNumber, kVarint):
                item.reply.status = Narrow(field.value);
                break;
            case Tag(Reply::kHeadersFieldNumber, kBytes): {
                Field header;
                if (!DecodeField(field.bytes, header)) return Counter::kMalformedReply;
                header_bytes += header.name.size() + header.value.size();
                if (++header_count <= CodecLimits::kReplyHeaders) headers_.push_back(header);
                break;
            }
            case Tag(Reply::kBodyFieldNumber, kBytes):
                body = field.bytes;
                break;
            case Tag(Reply::kDetailFieldNumber, kBytes):
                detail = field.bytes;
                break;
            default:
                break;
        }
    }
    if (!reader.ok() || kind > Reply::NOT_PROCESSED) return Counter::kMalformedReply;
    item.payload_bytes = header_bytes + body.size() + detail.size();
    if (header_count > CodecLimits::kReplyHeaders ||
        header_bytes > limits_.max_reply_header_bytes) {
        // A plugin's fault, not its worker's: only this request ends by it.
        item.reply.kind = gateway::Reply::Kind::kFailed;
        item.reply.detail = "the reply's headers are over the limit";
        ++into.replies_over_limit;
        return std::nullopt;
    }
    item.reply.kind = kind == Reply::ANSWERED ? gateway::Reply::Kind::kAnswered
                      : kind == Reply::FAILED ? gateway::Reply::Kind::kFailed
                                              : gateway::Reply::Kind::kNotProcessed;
    if (header_count != 0) {
        item.reply.headers.Reserve(header_bytes + header_count * 2 * sizeof(std::uint32_t));
        for (const Field& header : headers_) item.reply.headers.Append(header.name, header.value);
    }
    item.reply.body = body;
    if (!detail.empty()) item.reply.detail = Printable(detail, CodecLimits::kDetailBytes);
    return std::nullopt;
}

std::optional<Counter> EnvelopeDecoder::DecodeItems(std::string_view envelope, Incoming& into) {
    std::size_t items = 0;
    Reader reader(envelope);
    for (wire_format::Field field; reader.Next(field);) {
        if (field.tag == Tag(Envelope::kSessionFieldNumber, kFixed64)) {
            into.session = field.value;
            continue;
        }
        if (IsForWorkers(NumberOf(field.tag))) return Counter::kMalformedDirection;
        if (++items > CodecLimits::kItems) return Counter::kMalformedTooManyItems;
        switch (field.tag) {
            case Tag(Envelope::kHelloFieldNumber, kBytes):
                if (into.hello || !DecodeHello(field.bytes, into.hello.emplace())) {
                    return Counter::kMalformedHello;
                }
                break;
            case Tag(Envelope::kPongFieldNumber, kBytes):
                if (!DecodePong(field.bytes, into.pong ? *into.pong : into.pong.emplace())) {
                    return Counter::kMalformedEnvelope;
                }
                break;
            case Tag(Envelope::kRequestCreditFieldNumber, kBytes):
                if (!DecodeRequestCredit(field.bytes, into.request_credit
                                                          ? *into.request_credit
                                                          : into.request_credit.emplace())) {
                    return Counter::kMalformedCredit;
                }
                break;
            case Tag(Envelope::kRepliesFieldNumber, kBytes):
                if (const auto reason = DecodeReply(field.bytes, into)) return reason;
                break;
            case Tag(Envelope::kReturnsFieldNumber, kBytes):
                if (!DecodeReturn(field.bytes, into.returns.emplace_back())) {
                    return Counter::kMalformedReply;
                }
                break;
            case Tag(Envelope::kDescriptionFieldNumber, kBytes):
                if (into.description ||
                    !DecodeDescription(field.bytes, into.description.emplace())) {
                    return Counter::kMalformedDescription;
                }
                break;
            case Tag(Envelope::kGoodbyeFieldNumber, kBytes):
                into.goodbye = true;
                break;
            default:
                break;
        }
    }
    if (!reader.ok()) return Counter::kMalformedEnvelope;
    return std::nullopt;
}

std::optional<Counter> EnvelopeDecoder::Decode(std::string_view envelope, Incoming& into) {
    into.Clear();
    if (envelope.size() > limits_.max_message_bytes) return Counter::kMalformedTooLarge;
    const std::optional<Counter> reason = DecodeItems(envelope, into);
    if (reason) into.Clear();
    return reason;
}

}  // namespace holdfast::gateway
