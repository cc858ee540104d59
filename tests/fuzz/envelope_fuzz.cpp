// What one side writes the other reads: requests from the gateway's encoder to the worker's
// decoder, replies from the worker's encoder to the gateway's decoder, whatever their content is.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <google/protobuf/stubs/logging.h>

#include "gateway/bus/codec.h"
#include "worker/runtime/envelope_decoder.h"
#include "worker/runtime/envelope_encoder.h"

namespace {

namespace gateway = holdfast::gateway;
namespace worker = holdfast::worker;

constexpr std::size_t kMaxText = 300;
constexpr std::size_t kMaxItems = 4;
constexpr gateway::CodecLimits kLimits{1U << 20U, 256};

void Require(bool holds) {
    if (!holds) std::abort();
}

template <typename Encoder, typename Outgoing>
std::string Encoded(Encoder& encoder, const Outgoing& outgoing) {
    std::string bytes(encoder.Measure(outgoing), '\0');
    encoder.Write(outgoing, bytes.data());
    return bytes;
}

// ---- from the gateway to the worker

gateway::FieldList Fields(FuzzedDataProvider& input) {
    gateway::FieldList fields;
    for (std::size_t i = input.ConsumeIntegralInRange<std::size_t>(0, kMaxItems); i > 0; --i) {
        const std::string name = input.ConsumeRandomLengthString(kMaxText);
        fields.Append(name, input.ConsumeRandomLengthString(kMaxText));
    }
    return fields;
}

void SameFields(const gateway::FieldList& from, holdfast_fields to) {
    std::size_t at = 0;
    for (const gateway::Field field : from) {
        Require(at < to.count);
        const holdfast_field& copy = to.items[at++];
        Require(field.name == std::string_view(copy.name.data, copy.name.size));
        Require(field.value == std::string_view(copy.value.data, copy.value.size));
    }
    Require(at == to.count);
}

void SameText(std::string_view from, holdfast_span to) {
    Require(from == std::string_view(to.data, to.size));
}

void GatewayToWorker(FuzzedDataProvider& input) {
    gateway::Route route;
    route.service = "orders";
    route.path = input.ConsumeRandomLengthString(kMaxText);
    std::vector<gateway::Request> requests(input.ConsumeIntegralInRange<std::size_t>(0, kMaxItems));
    std::vector<gateway::OutgoingRequest> items;
    std::vector<gateway::OutgoingCancel> cancels;
    for (gateway::Request& request : requests) {
        request.route = &route;
        request.method = input.ConsumeRandomLengthString(kMaxText);
        request.target = input.ConsumeRandomLengthString(kMaxText);
        request.parameters = Fields(input);
        request.headers = Fields(input);
        request.attributes = Fields(input);
        request.idempotency_key = input.ConsumeRandomLengthString(kMaxText);
        request.body = input.ConsumeRandomLengthString(kMaxText);
        items.push_back({gateway::CorrelationId(input.ConsumeIntegral<std::uint64_t>() | 1U),
                         input.ConsumeIntegral<std::uint32_t>() | 1U,
                         input.ConsumeIntegral<std::uint64_t>() | 1U,
                         input.ConsumeIntegral<std::uint32_t>(), &request});
        cancels.push_back({items.back().id, items.back().attempt});
    }
    gateway::Outgoing outgoing;
    outgoing.session = input.ConsumeIntegral<std::uint64_t>();
    outgoing.ping_sequence = input.ConsumeIntegral<std::uint64_t>();
    outgoing.reply_credit_bytes = input.ConsumeIntegral<std::uint64_t>();
    outgoing.describe = input.ConsumeIntegral<std::uint64_t>();
    outgoing.goodbye_ack = input.ConsumeBool();
    outgoing.who_are_you = input.ConsumeBool();
    outgoing.requests = items;
    outgoing.cancels = cancels;

    static gateway::EnvelopeEncoder encoder("gateway-1");
    static worker::EnvelopeDecoder decoder({"orders"});
    static worker::Incoming incoming;
    Require(decoder.Decode(Encoded(encoder, outgoing), incoming) == worker::Malformed::kNone);
    Require(incoming.session == outgoing.session);
    Require(incoming.ping.value_or(0) == outgoing.ping_sequence);
    Require(incoming.reply_credit.value_or(0) == outgoing.reply_credit_bytes);
    Require(incoming.describe.value_or(0) == outgoing.describe);
    Require(incoming.goodbye_ack == outgoing.goodbye_ack);
    Require(incoming.who_are_you == outgoing.who_are_you);
    Require(incoming.requests.size() == items.size() && incoming.cancels.size() == items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const worker::RequestItem& item = incoming.requests[i];
        Require(item.id == items[i].id.value() && item.attempt == items[i].attempt);
        Require(item.sequence == items[i].sequence && item.served);
        Require(item.timeout == std::chrono::milliseconds(items[i].timeout_ms));
        Require(item.payload_bytes == requests[i].PayloadBytes());
        const auto& got = static_cast<const worker::RequestBlock&>(*item.payload).request();
        SameText(route.path, got.route);
        SameText(requests[i].method, got.method);
        SameText(requests[i].target, got.target);
        SameText(requests[i].idempotency_key, got.idempotency_key);
        SameText(requests[i].body, got.body);
        SameFields(requests[i].parameters, got.parameters);
        SameFields(requests[i].headers, got.headers);
        SameFields(requests[i].attributes, got.attributes);
        Require(incoming.cancels[i].id == item.id);
    }
}

// ---- from the worker to the gateway

struct Answer {
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    worker::ReplyKind kind = worker::ReplyKind::kAnswered;
    std::uint32_t status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string detail;
    worker::RequestRecord record;
};

void Fill(Answer& answer, FuzzedDataProvider& input) {
    answer.id = input.ConsumeIntegral<std::uint64_t>();
    answer.attempt = input.ConsumeIntegral<std::uint32_t>();
    answer.kind = static_cast<worker::ReplyKind>(input.ConsumeIntegralInRange<int>(0, 2));
    answer.status = input.ConsumeIntegral<std::uint32_t>();
    for (std::size_t i = input.ConsumeIntegralInRange<std::size_t>(0, kMaxItems); i > 0; --i) {
        std::string name = input.ConsumeRandomLengthString(kMaxText);
        answer.headers.emplace_back(std::move(name), input.ConsumeRandomLengthString(kMaxText));
    }
    answer.body = input.ConsumeRandomLengthString(kMaxText);
    answer.detail = input.ConsumeRandomLengthString(kMaxText);
    std::vector<holdfast_field> fields;
    for (const auto& [name, value] : answer.headers) {
        fields.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
    }
    answer.record.id = answer.id;
    answer.record.attempt = answer.attempt;
    answer.record.reply = worker::EncodeReply({.id = answer.id,
                                               .attempt = answer.attempt,
                                               .kind = answer.kind,
                                               .status = answer.status,
                                               .headers = {fields.data(), fields.size()},
                                               .body = answer.body,
                                               .detail = answer.detail});
}

void CheckReply(const Answer& answer, const gateway::ReplyItem& got) {
    Require(got.id.value() == answer.id && got.attempt == answer.attempt);
    Require(got.payload_bytes == answer.record.reply.payload_bytes);
    Require(got.reply.status == answer.status);
    std::size_t bytes = 0;
    for (const auto& [name, value] : answer.headers) bytes += name.size() + value.size();
    if (bytes > kLimits.max_reply_header_bytes) {
        Require(got.reply.kind == gateway::Reply::Kind::kFailed && got.reply.body.empty());
        return;
    }
    Require(static_cast<int>(got.reply.kind) == static_cast<int>(answer.kind));
    Require(got.reply.body == answer.body);
    Require(got.reply.detail.size() <= answer.detail.size());
    auto expected = answer.headers.begin();
    for (const gateway::Field header : got.reply.headers) {
        Require(expected != answer.headers.end());
        Require(header.name == expected->first && header.value == expected->second);
        ++expected;
    }
    Require(expected == answer.headers.end());
}

void WorkerToGateway(FuzzedDataProvider& input) {
    std::vector<Answer> answers(input.ConsumeIntegralInRange<std::size_t>(0, kMaxItems));
    std::vector<worker::RequestRecord*> records;
    std::vector<worker::ReturnItem> returns;
    for (Answer& answer : answers) {
        Fill(answer, input);
        records.push_back(&answer.record);
        returns.push_back({answer.id, answer.attempt, worker::ReturnReason::kDraining});
    }
    worker::PongItem pong;
    pong.sequence = input.ConsumeIntegral<std::uint64_t>();
    pong.started_through = input.ConsumeIntegral<std::uint64_t>();
    pong.oldest_started = std::chrono::milliseconds(input.ConsumeIntegral<std::uint32_t>());
    const worker::RequestCreditItem credit{input.ConsumeIntegral<std::uint64_t>(),
                                           input.ConsumeIntegral<std::uint64_t>()};
    worker::Outgoing outgoing;
    outgoing.session = input.ConsumeIntegral<std::uint64_t>();
    outgoing.hello = input.ConsumeBool();
    outgoing.goodbye = input.ConsumeBool();
    outgoing.link = input.ConsumeIntegral<std::uint64_t>();
    outgoing.pong = &pong;
    outgoing.credit = &credit;
    outgoing.replies = records;
    outgoing.returns = returns;

    static worker::EnvelopeEncoder encoder({.instance = "i",
                                            .version = "1",
                                            .host = "h",
                                            .plugin = "p",
                                            .plugin_version = "1",
                                            .services = {"orders"},
                                            .threads = 1});
    static gateway::EnvelopeDecoder decoder(kLimits);
    static gateway::Incoming incoming;
    Require(!decoder.Decode(Encoded(encoder, outgoing), incoming));
    Require(incoming.session == outgoing.session && incoming.goodbye == outgoing.goodbye);
    Require(incoming.hello.has_value() == outgoing.hello);
    if (incoming.hello) {
        Require(incoming.hello->instance == "i-" + std::to_string(outgoing.link));
        Require(incoming.hello->services.size() == 1);
    }
    Require(incoming.pong && incoming.pong->sequence == pong.sequence);
    Require(incoming.pong->started_through == pong.started_through);
    Require(incoming.pong->oldest_started == pong.oldest_started);
    Require(incoming.request_credit->requests_total == credit.requests_total);
    Require(incoming.request_credit->bytes_total == credit.bytes_total);
    Require(incoming.replies.size() == answers.size());
    Require(incoming.returns.size() == answers.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CheckReply(answers[i], incoming.replies[i]);
        Require(incoming.returns[i].id.value() == answers[i].id);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const google::protobuf::LogSilencer no_lines_about_utf8;
    FuzzedDataProvider input(data, size);
    if (input.ConsumeBool()) {
        GatewayToWorker(input);
    } else {
        WorkerToGateway(input);
    }
    return 0;
}
