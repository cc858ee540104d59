#include "worker/runtime/envelope_decoder.h"

#include <algorithm>
#include <array>
#include <limits>

#include "proto/envelope.pb.h"
#include "worker/runtime/wire_reader.h"

namespace holdfast::worker {
namespace {

using Type = WireReader::Type;
using wire::Envelope;

constexpr std::size_t kTextBytes = 256;

std::uint32_t Narrow(std::uint64_t value) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

/// Text for people: cut, and safe in any log.
std::string Printable(std::string_view text) {
    std::string out(text.substr(0, kTextBytes));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

bool DecodeWelcome(std::string_view bytes, Incoming& into) {
    std::uint64_t lease = 0;
    std::uint64_t ping = 0;
    WelcomeItem& welcome = into.welcome.emplace();
    WireReader reader(bytes);
    while (reader.Next()) {
        if (reader.Is(wire::Welcome::kGatewayFieldNumber, Type::kBytes)) {
            into.gateway = Printable(reader.bytes());
        } else if (reader.Is(wire::Welcome::kPingIntervalMsFieldNumber, Type::kVarint)) {
            ping = Narrow(reader.value());
        } else if (reader.Is(wire::Welcome::kLeaseMsFieldNumber, Type::kVarint)) {
            lease = Narrow(reader.value());
        } else if (reader.Is(wire::Welcome::kMaxMessageBytesFieldNumber, Type::kVarint)) {
            welcome.max_message_bytes = reader.value();
        } else if (reader.Is(wire::Welcome::kMaxReplyBytesFieldNumber, Type::kVarint)) {
            welcome.max_reply_bytes = reader.value();
        }
    }
    welcome.ping_interval = std::chrono::milliseconds(ping);
    welcome.lease = std::chrono::milliseconds(lease);
    return reader.ok();
}

bool DecodeRefused(std::string_view bytes, Incoming& into) {
    RefusedItem& refused = into.refused.emplace();
    WireReader reader(bytes);
    while (reader.Next()) {
        if (reader.Is(wire::Refused::kReasonFieldNumber, Type::kVarint)) {
            refused.reason = reader.value();
        } else if (reader.Is(wire::Refused::kDetailFieldNumber, Type::kBytes)) {
            refused.detail = Printable(reader.bytes());
        } else if (reader.Is(wire::Refused::kProtocolFieldNumber, Type::kVarint)) {
            refused.protocol = reader.value();
        }
    }
    return reader.ok();
}

/// A message that has one varint of interest.
bool DecodeNumber(std::string_view bytes, int number, std::uint64_t& into) {
    WireReader reader(bytes);
    while (reader.Next()) {
        if (reader.Is(number, Type::kVarint)) into = reader.value();
    }
    return reader.ok();
}

bool DecodeCancel(std::string_view bytes, Incoming& into) {
    CancelItem cancel;
    WireReader reader(bytes);
    while (reader.Next()) {
        if (reader.Is(wire::Cancel::kIdFieldNumber, Type::kFixed64)) cancel.id = reader.value();
        if (reader.Is(wire::Cancel::kAttemptFieldNumber, Type::kVarint)) {
            cancel.attempt = Narrow(reader.value());
        }
    }
    into.cancels.push_back(cancel);
    return reader.ok();
}

bool DecodeField(std::string_view bytes, RequestView::FieldView& into) {
    WireReader reader(bytes);
    while (reader.Next()) {
        if (reader.Is(wire::Field::kNameFieldNumber, Type::kBytes)) into.name = reader.bytes();
        if (reader.Is(wire::Field::kValueFieldNumber, Type::kBytes)) into.value = reader.bytes();
    }
    return reader.ok();
}

void SetNumber(RequestView& view, int number, std::uint64_t value) {
    if (number == wire::Request::kAttemptFieldNumber) view.attempt = Narrow(value);
    if (number == wire::Request::kSequenceFieldNumber) view.sequence = value;
    if (number == wire::Request::kTimeoutMsFieldNumber) view.timeout_ms = Narrow(value);
}

/// Where a string of a Request goes; nullptr for one that is not known.
std::string_view* TextOf(RequestView& view, int number) {
    switch (number) {
        case wire::Request::kServiceFieldNumber:
            return &view.service;
        case wire::Request::kRouteFieldNumber:
            return &view.route;
        case wire::Request::kMethodFieldNumber:
            return &view.method;
        case wire::Request::kTargetFieldNumber:
            return &view.target;
        case wire::Request::kIdempotencyKeyFieldNumber:
            return &view.idempotency_key;
        case wire::Request::kBodyFieldNumber:
            return &view.body;
        default:
            return nullptr;
    }
}

std::vector<RequestView::FieldView>* GroupOf(RequestView& view, int number) {
    switch (number) {
        case wire::Request::kParametersFieldNumber:
            return &view.fields[RequestView::kParameters];
        case wire::Request::kHeadersFieldNumber:
            return &view.fields[RequestView::kHeaders];
        case wire::Request::kAttributesFieldNumber:
            return &view.fields[RequestView::kAttributes];
        default:
            return nullptr;
    }
}

}  // namespace

std::string_view Name(Malformed reason) {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(Malformed::kCount)>
        kNames = {"none",        "frames",      "wire",        "too many items", "too many fields",
                  "bad welcome", "bad request", "out of order"};
    static_assert(!kNames.back().empty(), "every reason has a name");
    return kNames.at(static_cast<std::size_t>(reason));
}

void Incoming::Clear() {
    session = 0;
    who_are_you = goodbye_ack = false;
    welcome.reset();
    gateway.clear();
    refused.reset();
    ping.reset();
    reply_credit.reset();
    describe.reset();
    requests.clear();
    cancels.clear();
}

EnvelopeDecoder::EnvelopeDecoder(std::vector<std::string> services)
    : services_(std::move(services)) {}

Malformed EnvelopeDecoder::Decode(std::string_view envelope, Incoming& into) {
    into.Clear();
    items_ = fields_ = 0;
    const Malformed reason = DecodeItems(envelope, into);
    if (reason != Malformed::kNone) into.Clear();
    return reason;
}

Malformed EnvelopeDecoder::DecodeItems(std::string_view envelope, Incoming& into) {
    WireReader reader(envelope);
    while (reader.Next()) {
        if (reader.Is(Envelope::kSessionFieldNumber, Type::kFixed64)) into.session = reader.value();
        if (reader.type() != Type::kBytes) continue;
        const std::string_view bytes = reader.bytes();
        bool understood = true;
        switch (reader.number()) {
            case Envelope::kRequestsFieldNumber: {
                if (++items_ > DecoderLimits::kItems) return Malformed::kTooManyItems;
                const Malformed reason = DecodeRequest(bytes, into);
                if (reason != Malformed::kNone) return reason;
                break;
            }
            case Envelope::kCancelsFieldNumber:
                if (++items_ > DecoderLimits::kItems) return Malformed::kTooManyItems;
                understood = DecodeCancel(bytes, into);
                break;
            case Envelope::kPingFieldNumber:
                understood =
                    DecodeNumber(bytes, wire::Ping::kSequenceFieldNumber, into.ping.emplace());
                break;
            case Envelope::kReplyCreditFieldNumber:
                understood = DecodeNumber(bytes, wire::ReplyCredit::kBytesTotalFieldNumber,
                                          into.reply_credit.emplace());
                break;
            case Envelope::kDescribeFieldNumber:
                understood = DecodeNumber(bytes, wire::Describe::kNumberFieldNumber,
                                          into.describe.emplace());
                break;
            case Envelope::kWhoAreYouFieldNumber:
                into.who_are_you = true;
                break;
            case Envelope::kGoodbyeAckFieldNumber:
                into.goodbye_ack = true;
                break;
            case Envelope::kWelcomeFieldNumber:
                understood = DecodeWelcome(bytes, into);
                break;
            case Envelope::kRefusedFieldNumber:
                understood = DecodeRefused(bytes, into);
                break;
            default:
                break;
        }
        if (!understood) return Malformed::kWire;
    }
    if (!reader.ok()) return Malformed::kWire;
    if (into.welcome &&
        (into.session == 0 || into.welcome->lease <= Duration::zero() ||
         into.welcome->ping_interval <= Duration::zero() || into.welcome->max_message_bytes == 0)) {
        return Malformed::kBadWelcome;
    }
    return Malformed::kNone;
}

Malformed EnvelopeDecoder::DecodeRequest(std::string_view bytes, Incoming& into) {
    view_.Clear();
    WireReader reader(bytes);
    std::size_t own_fields = 0;
    while (reader.Next()) {
        const int number = reader.number();
        if (reader.type() == Type::kVarint) {
            SetNumber(view_, number, reader.value());
        } else if (reader.Is(wire::Request::kIdFieldNumber, Type::kFixed64)) {
            view_.id = reader.value();
        } else if (reader.type() == Type::kBytes) {
            if (std::string_view* text = TextOf(view_, number)) {
                *text = reader.bytes();
            } else if (auto* group = GroupOf(view_, number)) {
                if (++own_fields > DecoderLimits::kRequestFields ||
                    ++fields_ > DecoderLimits::kFields) {
                    return Malformed::kTooManyFields;
                }
                if (!DecodeField(reader.bytes(), group->emplace_back())) return Malformed::kWire;
            }
        }
    }
    if (!reader.ok()) return Malformed::kWire;
    if (view_.id == 0 || view_.attempt == 0 || view_.sequence == 0) return Malformed::kBadRequest;
    RequestItem& item = into.requests.emplace_back();
    item.id = view_.id;
    item.attempt = view_.attempt;
    item.sequence = view_.sequence;
    item.timeout = std::chrono::milliseconds(view_.timeout_ms);
    item.payload_bytes = view_.PayloadBytes();
    item.served = std::find(services_.begin(), services_.end(), view_.service) != services_.end();
    item.payload = RequestBlock::Make(view_);
    return Malformed::kNone;
}

}  // namespace holdfast::worker
