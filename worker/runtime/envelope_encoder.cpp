#include "worker/runtime/envelope_encoder.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "proto/envelope.pb.h"

namespace holdfast::worker {
namespace {

using google::protobuf::io::CodedOutputStream;

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kBytes = 2;

constexpr std::uint32_t Tag(int number, std::uint32_t type) {
    return static_cast<std::uint32_t>(number) << 3U | type;
}

std::size_t MessageSize(int number, std::size_t size) {
    return CodedOutputStream::VarintSize32(Tag(number, kBytes)) +
           CodedOutputStream::VarintSize64(size) + size;
}
std::size_t BytesSize(int number, std::size_t size) {
    return size == 0 ? 0 : MessageSize(number, size);
}
std::size_t UintSize(int number, std::uint64_t value) {
    return value == 0 ? 0
                      : CodedOutputStream::VarintSize32(Tag(number, kVarint)) +
                            CodedOutputStream::VarintSize64(value);
}

/// Writes fields one after another into memory that was measured before. As in proto3, what is zero
/// or empty is left out.
class Writer {
  public:
    explicit Writer(std::string& to)
        : at_(static_cast<std::uint8_t*>(static_cast<void*>(to.data()))) {}

    void Uint(int number, std::uint64_t value) {
        if (value == 0) return;
        at_ = CodedOutputStream::WriteTagToArray(Tag(number, kVarint), at_);
        at_ = CodedOutputStream::WriteVarint64ToArray(value, at_);
    }
    void Fixed(int number, std::uint64_t value) {
        at_ = CodedOutputStream::WriteTagToArray(Tag(number, kFixed64), at_);
        at_ = CodedOutputStream::WriteLittleEndian64ToArray(value, at_);
    }
    void Head(int number, std::size_t size) {
        at_ = CodedOutputStream::WriteTagToArray(Tag(number, kBytes), at_);
        at_ = CodedOutputStream::WriteVarint64ToArray(size, at_);
    }
    void Bytes(int number, std::string_view bytes) {
        if (bytes.empty()) return;
        Head(number, bytes.size());
        at_ = CodedOutputStream::WriteRawToArray(bytes.data(), static_cast<int>(bytes.size()), at_);
    }

  private:
    std::uint8_t* at_;
};

std::string_view View(holdfast_span span) {
    return span.size == 0 ? std::string_view() : std::string_view(span.data, span.size);
}

std::uint64_t Milliseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
}

wire::Return::Reason Wire(ReturnReason reason) {
    switch (reason) {
        case ReturnReason::kStuck:
            return wire::Return::STUCK;
        case ReturnReason::kDraining:
            return wire::Return::DRAINING;
        case ReturnReason::kNoService:
            return wire::Return::NO_SERVICE;
        case ReturnReason::kOverCredit:
            return wire::Return::OVER_CREDIT;
    }
    return wire::Return::UNSPECIFIED;
}

}  // namespace

ReplyItem EncodeReply(const ReplyView& reply) {
    using wire::Field;
    using wire::Reply;
    const auto kind = static_cast<std::uint64_t>(reply.kind);
    static_assert(static_cast<int>(ReplyKind::kFailed) == Reply::FAILED &&
                  static_cast<int>(ReplyKind::kNotProcessed) == Reply::NOT_PROCESSED);
    const auto field_size = [](const holdfast_field& field) {
        return BytesSize(Field::kNameFieldNumber, field.name.size) +
               BytesSize(Field::kValueFieldNumber, field.value.size);
    };

    ReplyItem item;
    item.kind = reply.kind;
    item.payload_bytes = reply.body.size() + reply.detail.size();
    std::size_t size = 1 + sizeof(std::uint64_t) +
                       UintSize(Reply::kAttemptFieldNumber, reply.attempt) +
                       UintSize(Reply::kKindFieldNumber, kind) +
                       UintSize(Reply::kStatusFieldNumber, reply.status) +
                       BytesSize(Reply::kBodyFieldNumber, reply.body.size()) +
                       BytesSize(Reply::kDetailFieldNumber, reply.detail.size());
    for (std::size_t i = 0; i < reply.headers.count; ++i) {
        const holdfast_field& field = reply.headers.items[i];
        item.payload_bytes += field.name.size + field.value.size;
        size += MessageSize(Reply::kHeadersFieldNumber, field_size(field));
    }
    item.encoded.resize(MessageSize(wire::Envelope::kRepliesFieldNumber, size));

    Writer writer(item.encoded);
    writer.Head(wire::Envelope::kRepliesFieldNumber, size);
    writer.Fixed(Reply::kIdFieldNumber, reply.id);
    writer.Uint(Reply::kAttemptFieldNumber, reply.attempt);
    writer.Uint(Reply::kKindFieldNumber, kind);
    writer.Uint(Reply::kStatusFieldNumber, reply.status);
    for (std::size_t i = 0; i < reply.headers.count; ++i) {
        const holdfast_field& field = reply.headers.items[i];
        writer.Head(Reply::kHeadersFieldNumber, field_size(field));
        writer.Bytes(Field::kNameFieldNumber, View(field.name));
        writer.Bytes(Field::kValueFieldNumber, View(field.value));
    }
    writer.Bytes(Reply::kBodyFieldNumber, reply.body);
    writer.Bytes(Reply::kDetailFieldNumber, reply.detail);
    return item;
}

EnvelopeEncoder::EnvelopeEncoder(HelloFacts facts)
    : facts_(std::move(facts)), head_(std::make_unique<wire::Envelope>()) {}

EnvelopeEncoder::~EnvelopeEncoder() = default;

/// Two addresses may lead to one gateway, which holds an instance that connects anew for the same
/// one: so each connection is an instance of its own.
void EnvelopeEncoder::FillHello(std::uint64_t link) {
    wire::Hello& hello = *head_->mutable_hello();
    hello.set_protocol(kProtocolVersion);
    hello.set_instance(facts_.instance + "-" + std::to_string(link));
    hello.set_version(facts_.version);
    hello.set_threads(facts_.threads);
    hello.set_pid(facts_.pid);
    hello.set_host(facts_.host);
    for (const std::string& name : facts_.services) {
        wire::Service& service = *hello.add_services();
        service.set_name(name);
        service.set_plugin(facts_.plugin);
        service.set_plugin_version(facts_.plugin_version);
    }
    if (!facts_.process) return;
    wire::Process& process = *hello.mutable_process();
    process.set_index(facts_.process->index);
    process.set_generation(facts_.process->generation);
    process.set_restarts(facts_.process->restarts);
    if (facts_.process->last_crash.empty()) return;
    process.set_last_crash(facts_.process->last_crash);
    process.set_last_crash_age_ms(Milliseconds(Clock::now() - facts_.process->last_crash_at));
}

void EnvelopeEncoder::FillDescription(const DescriptionItem& item) {
    wire::Description& to = *head_->mutable_description();
    to.set_number(item.number);
    to.set_plugin(facts_.plugin);
    to.set_plugin_version(facts_.plugin_version);
    to.set_built_with(facts_.built_with);
    to.set_abi(facts_.abi);
    to.set_version(facts_.version);
    to.set_uptime_ms(Milliseconds(item.now - facts_.started));
    to.set_threads(facts_.threads);
    for (std::size_t i = 0; i < kCounterNames.size(); ++i) {
        wire::Description::Count& count = *to.add_counters();
        count.set_name(std::string(kCounterNames.at(i)));
        count.set_value((*item.counters)[static_cast<Counter>(i)]);
    }
    for (const auto& [name, value] : facts_.settings) {
        wire::Field& setting = *to.add_settings();
        setting.set_name(name);
        setting.set_value(value);
    }
}

std::size_t EnvelopeEncoder::Measure(const Outgoing& outgoing) {
    head_->Clear();
    head_->set_session(outgoing.session);
    if (outgoing.hello) FillHello(outgoing.link);
    if (outgoing.description != nullptr) FillDescription(*outgoing.description);
    if (outgoing.goodbye) head_->mutable_goodbye();
    if (const PongItem* pong = outgoing.pong) {
        using std::chrono::milliseconds;
        const auto age = std::chrono::ceil<milliseconds>(pong->oldest_started).count();
        wire::Pong& to = *head_->mutable_pong();
        to.set_sequence(pong->sequence);
        to.set_started_through(pong->started_through);
        to.set_oldest_started_age_ms(static_cast<std::uint32_t>(age));
        to.set_queued(pong->queued);
        to.set_running(pong->running);
        to.set_started_total(pong->started_total);
        to.set_dropped_expired_total(pong->dropped_expired_total);
        to.set_dropped_cancelled_total(pong->dropped_cancelled_total);
    }
    if (const RequestCreditItem* credit = outgoing.credit) {
        wire::RequestCredit& to = *head_->mutable_request_credit();
        to.set_requests_total(credit->requests_total);
        to.set_bytes_total(credit->bytes_total);
    }
    for (const ReturnItem& item : outgoing.returns) {
        wire::Return& to = *head_->add_returns();
        to.set_id(item.id);
        to.set_attempt(item.attempt);
        to.set_reason(Wire(item.reason));
    }
    head_->SerializeToString(&head_bytes_);

    failures_.clear();
    std::size_t replies = 0;
    for (const RequestRecord* record : outgoing.replies) {
        replies += record->reply.encoded.size();
        if (!record->reply.encoded.empty()) continue;
        failures_ += EncodeReply({.id = record->id,
                                  .attempt = record->attempt,
                                  .kind = record->reply.kind,
                                  .detail = record->reply.detail})
                         .encoded;
    }
    return head_bytes_.size() + failures_.size() + replies;
}

void EnvelopeEncoder::Write(const Outgoing& outgoing, char* to) const {
    const auto append = [&to](const std::string& bytes) {
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        to += bytes.size();
    };
    append(head_bytes_);
    append(failures_);
    for (const RequestRecord* record : outgoing.replies) append(record->reply.encoded);
}

}  // namespace holdfast::worker
