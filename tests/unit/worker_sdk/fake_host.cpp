#include "tests/unit/worker_sdk/fake_host.h"

#include <array>
#include <stdexcept>

namespace holdfast::test {
namespace {

holdfast_span Span(std::string_view text) {
    return {text.data(), text.size()};
}
std::string Text(holdfast_span span) {
    return span.size == 0 ? std::string() : std::string(span.data, span.size);
}

std::vector<holdfast_field> Fields(const FieldList& list) {
    std::vector<holdfast_field> fields;
    for (const auto& [name, value] : list) fields.push_back({Span(name), Span(value)});
    return fields;
}

}  // namespace

struct FakeHost::Pending {
    RequestSpec spec;
    std::vector<holdfast_field> parameters, headers, attributes;
    holdfast_request_v1 request{};
    std::optional<Answer> answer;
    bool cancelled = false;
    void (*callback)(void*) = nullptr;
    void (*release)(void*) = nullptr;
    void* context = nullptr;
};

std::optional<std::string> Answer::Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return std::nullopt;
}

FakeHost::FakeHost(const holdfast_plugin_v1* plugin) : plugin_(plugin) {
    face_.self = this;
    face_.abi = {.size = sizeof(holdfast_host_v1),
                 .abi = HOLDFAST_ABI_INIT,
                 .log = &Log,
                 .reply = &Reply,
                 .fail = &Fail,
                 .remaining_ns = &RemainingNs,
                 .cancelled = &Cancelled,
                 .on_cancel = &OnCancel};
}

FakeHost::~FakeHost() {
    Destroy();
}

FakeHost& FakeHost::Self(const holdfast_host_v1* host) {
    // `abi` is the first member of the standard-layout Face.
    return *reinterpret_cast<const Face*>(host)->self;
}

bool FakeHost::Create(std::string_view config) {
    config_ = config;
    std::array<char, 256> reason{};
    instance_ = plugin_->create(&face_.abi, Span(config_), reason.data(), reason.size());
    error_ = reason.data();
    return instance_ != nullptr;
}

void FakeHost::Destroy() {
    if (instance_ == nullptr) return;
    for (std::size_t i = 0; i < pending_.size(); ++i) Cancel(i);
    plugin_->destroy(instance_);
    instance_ = nullptr;
}

std::uint64_t FakeHost::Send(RequestSpec spec) {
    auto made = std::make_unique<Pending>();
    Pending& pending = *made;
    pending.spec = std::move(spec);
    pending.parameters = Fields(pending.spec.parameters);
    pending.headers = Fields(pending.spec.headers);
    pending.attributes = Fields(pending.spec.attributes);
    pending.request = {.size = sizeof(holdfast_request_v1),
                       .correlation_id = pending.spec.correlation_id,
                       .attempt = pending.spec.attempt,
                       .reserved = 0,
                       .service = Span(pending.spec.service),
                       .route = Span(pending.spec.route),
                       .method = Span(pending.spec.method),
                       .target = Span(pending.spec.target),
                       .idempotency_key = Span(pending.spec.idempotency_key),
                       .body = Span(pending.spec.body),
                       .parameters = {pending.parameters.data(), pending.parameters.size()},
                       .headers = {pending.headers.data(), pending.headers.size()},
                       .attributes = {pending.attributes.data(), pending.attributes.size()}};
    std::uint64_t number = 0;
    {
        std::lock_guard lock(mutex_);
        number = pending_.size();
        pending_.push_back(std::move(made));
    }
    plugin_->handle(instance_, &pending.request, {number});
    return number;
}

Answer FakeHost::Wait(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    if (!answered_.wait_for(lock, std::chrono::seconds(30),
                            [&] { return pending_.at(number)->answer.has_value(); })) {
        throw std::runtime_error("the plugin did not answer");
    }
    return *pending_.at(number)->answer;
}

std::optional<Answer> FakeHost::Poll(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    return pending_.at(number)->answer;
}

void FakeHost::Cancel(std::uint64_t number) {
    void (*callback)(void*) = nullptr;
    void (*release)(void*) = nullptr;
    void* context = nullptr;
    {
        std::lock_guard lock(mutex_);
        Pending& pending = *pending_.at(number);
        if (pending.answer) return;
        pending.cancelled = true;
        callback = std::exchange(pending.callback, nullptr);
        release = std::exchange(pending.release, nullptr);
        context = pending.context;
    }
    if (callback != nullptr) callback(context);
    if (release != nullptr) {
        release(context);
        std::lock_guard lock(mutex_);
        ++released_callbacks_;
    }
}

int FakeHost::refused_answers() const {
    std::lock_guard lock(mutex_);
    return refused_answers_;
}

int FakeHost::released_callbacks() const {
    std::lock_guard lock(mutex_);
    return released_callbacks_;
}

std::vector<std::string> FakeHost::logs() const {
    std::lock_guard lock(mutex_);
    return logs_;
}

void FakeHost::Log(const holdfast_host_v1* host, holdfast_log_level, const char* file, int line,
                   holdfast_span text) {
    FakeHost& self = Self(host);
    std::lock_guard lock(self.mutex_);
    self.logs_.push_back(std::string(file) + ":" + std::to_string(line) + " " + Text(text));
}

holdfast_result FakeHost::Finish(holdfast_responder responder, Answer answer) {
    void (*release)(void*) = nullptr;
    void* context = nullptr;
    {
        std::lock_guard lock(mutex_);
        Pending& pending = *pending_.at(responder.value);
        if (pending.answer) {
            ++refused_answers_;
            return HOLDFAST_ALREADY_ANSWERED;
        }
        pending.answer = std::move(answer);
        pending.callback = nullptr;
        release = std::exchange(pending.release, nullptr);
        context = pending.context;
        if (release != nullptr) ++released_callbacks_;
    }
    answered_.notify_all();
    if (release != nullptr) release(context);
    return HOLDFAST_OK;
}

holdfast_result FakeHost::Reply(const holdfast_host_v1* host, holdfast_responder responder,
                                const holdfast_reply_v1* reply) {
    if ((reply->flags & HOLDFAST_REPLY_MORE) != 0) return HOLDFAST_UNSUPPORTED;
    Answer answer;
    answer.status = reply->status;
    answer.flags = reply->flags;
    for (std::size_t i = 0; i < reply->headers.count; ++i) {
        const holdfast_field& field = reply->headers.items[i];
        answer.headers.emplace_back(Text(field.name), Text(field.value));
    }
    answer.body = Text(reply->body);
    answer.detail = Text(reply->detail);
    return Self(host).Finish(responder, std::move(answer));
}

holdfast_result FakeHost::Fail(const holdfast_host_v1* host, holdfast_responder responder,
                               holdfast_span reason) {
    return Self(host).Finish(responder, {.failed = true, .detail = Text(reason)});
}

std::int64_t FakeHost::RemainingNs(const holdfast_host_v1* host, holdfast_responder responder) {
    FakeHost& self = Self(host);
    std::lock_guard lock(self.mutex_);
    const Pending& pending = *self.pending_.at(responder.value);
    return pending.answer ? 0 : pending.spec.remaining.count();
}

int FakeHost::Cancelled(const holdfast_host_v1* host, holdfast_responder responder) {
    FakeHost& self = Self(host);
    std::lock_guard lock(self.mutex_);
    const Pending& pending = *self.pending_.at(responder.value);
    return pending.cancelled || pending.answer ? 1 : 0;
}

holdfast_result FakeHost::OnCancel(const holdfast_host_v1* host, holdfast_responder responder,
                                   void (*callback)(void*), void (*release)(void*), void* context) {
    FakeHost& self = Self(host);
    holdfast_result result = HOLDFAST_OK;
    {
        std::lock_guard lock(self.mutex_);
        Pending& pending = *self.pending_.at(responder.value);
        if (pending.answer) {
            result = HOLDFAST_ALREADY_ANSWERED;
        } else if (pending.callback != nullptr) {
            result = HOLDFAST_UNSUPPORTED;
        } else if (!pending.cancelled) {
            pending.callback = callback;
            pending.release = release;
            pending.context = context;
            return HOLDFAST_OK;
        }
    }
    if (result == HOLDFAST_OK) callback(context);
    if (release != nullptr) release(context);
    return result;
}

}  // namespace holdfast::test
