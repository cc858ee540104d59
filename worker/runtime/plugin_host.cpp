#include "worker/runtime/plugin_host.h"

#include <spdlog/spdlog.h>
#include <holdfast/worker/config.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "worker/runtime/envelope_encoder.h"
#include "worker/runtime/request_block.h"

namespace holdfast::worker {
namespace {

constexpr std::size_t kMaxText = 1024;

/// A plugin's text: cut, and safe in a log line and in a protobuf string.
std::string Printable(holdfast_span span) {
    std::string text;
    if (span.size != 0 && span.data != nullptr) {
        text.assign(span.data, std::min(span.size, kMaxText));
    }
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

}  // namespace

PluginHost::PluginHost(const holdfast_plugin_v1& plugin, PluginConfig config,
                       std::size_t max_requests, FinishedInbox& finished)
    : plugin_(plugin),
      name_(plugin.name),
      config_(std::move(config)),
      finished_(finished),
      responders_(max_requests) {
    CheckConfig(plugin_, config_.text, config_.name);
    face_.self = this;
    face_.abi.size = sizeof(holdfast_host_v1);
    face_.abi.abi = HOLDFAST_ABI_INIT;
    face_.abi.log = &Log;
    face_.abi.reply = &Reply;
    face_.abi.fail = &Fail;
    face_.abi.remaining_ns = &RemainingNs;
    face_.abi.cancelled = &Cancelled;
    face_.abi.on_cancel = &OnCancel;

    std::array<char, 512> error{};
    const std::string who = Who() + ": ";
    try {
        instance_ = plugin_.create(&face_.abi, Span(config_.text), error.data(), error.size());
    } catch (...) {
        throw PluginError(who + "create() let an exception escape");
    }
    if (instance_ == nullptr) {
        error.back() = '\0';
        const std::string reason = Printable(Span(error.data()));
        throw PluginError(who + (reason.empty() ? "create() failed and gave no reason" : reason));
    }
    cancel_thread_ = std::thread([this] { RunCancelCallbacks(); });
}

PluginHost::~PluginHost() {
    if (!ended_) End();
}

void PluginHost::End() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wanted_.notify_all();
    cancel_thread_.join();
    try {
        plugin_.destroy(instance_);
    } catch (...) {
        spdlog::error("{}: destroy() let an exception escape", Who());
    }
    ended_ = true;
    responders_.CloseAll();
}

void PluginHost::Handle(RequestRecord& record) {
    const holdfast_responder token = responders_.TokenOf(record);
    const auto& block = static_cast<const RequestBlock&>(*record.payload);
    if (recorder_ != nullptr) recorder_->Take(block.request(), record.deadline - Clock::now());
    try {
        plugin_.handle(instance_, &block.request(), token);
    } catch (const std::exception& error) {
        FailNow(token, std::string("an exception left handle(): ") + error.what());
    } catch (...) {
        FailNow(token, "an exception left handle()");
    }
}

void PluginHost::Cancel(const RequestRecord& record) {
    const holdfast_responder token = responders_.TokenOf(record);
    if (!responders_.Cancel(token)) return;
    {
        const std::lock_guard lock(mutex_);
        cancels_.push_back(token);
    }
    wanted_.notify_one();
}

void PluginHost::RunCancelCallbacks() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wanted_.wait(lock, [this] { return stopping_ || !cancels_.empty(); });
        if (cancels_.empty()) return;
        const holdfast_responder token = cancels_.front();
        cancels_.pop_front();
        lock.unlock();
        try {
            responders_.RunCallback(token);
        } catch (...) {
            spdlog::error("{}: a cancel callback let an exception escape", Who());
        }
        lock.lock();
    }
}

PluginHost& PluginHost::Self(const holdfast_host_v1* host) {
    // `abi` is the first member of the standard-layout Face.
    return *reinterpret_cast<const Face*>(host)->self;
}

void PluginHost::Log(const holdfast_host_v1* host, holdfast_log_level level, const char* file,
                     int line, holdfast_span text) {
    const auto to = level == HOLDFAST_LOG_DEBUG     ? spdlog::level::debug
                    : level == HOLDFAST_LOG_INFO    ? spdlog::level::info
                    : level == HOLDFAST_LOG_WARNING ? spdlog::level::warn
                                                    : spdlog::level::err;
    if (!spdlog::should_log(to)) return;
    const char* const slash = file == nullptr ? nullptr : std::strrchr(file, '/');
    spdlog::log(to, "{}: {} ({}:{})", Self(host).Who(), Printable(text),
                slash != nullptr ? slash + 1 : (file == nullptr ? "?" : file), line);
}

holdfast_result PluginHost::Reply(const holdfast_host_v1* host, holdfast_responder responder,
                                  const holdfast_reply_v1* reply) {
    PluginHost& self = Self(host);
    const ReplyReading reading = ReadReply(reply);
    if (reading.verdict == HOLDFAST_UNSUPPORTED) return HOLDFAST_UNSUPPORTED;
    if (reading.verdict != HOLDFAST_OK) {
        const auto result = self.FailNow(responder, "reply() was given no reply");
        return result == HOLDFAST_OK ? HOLDFAST_INVALID : result;
    }
    return self.Answer(responder, reading);
}

holdfast_result PluginHost::Answer(holdfast_responder responder, const ReplyReading& reading) {
    const holdfast_reply_v1& reply = reading.reply;
    RequestRecord* const record = responders_.Claim(responder);
    if (record == nullptr) {
        spdlog::warn("{}: a request was answered {}; that answer is dropped", Who(),
                     ended_ ? "after destroy()" : "twice");
        return HOLDFAST_ALREADY_ANSWERED;
    }
    const bool refused = reading.not_processed;
    std::string problem = refused ? std::string() : CheckReply(reply, record->max_reply_bytes);
    // Members of `record` are read before Push: from then on it is the loop's.
    const std::uint64_t id = record->id;
    ReplyView view{.id = id,
                   .attempt = record->attempt,
                   .kind = ReplyKind::kAnswered,
                   .status = reply.status,
                   .headers = reply.headers,
                   .body = {},
                   .detail = {}};
    std::string detail;
    if (!problem.empty() || refused) {
        detail = refused ? Printable(reply.detail) : problem;
        view.kind = refused ? ReplyKind::kNotProcessed : ReplyKind::kFailed;
        view.status = 0;
        view.headers = {};
        view.detail = detail;
    } else {
        view.body = View(reply.body);
    }
    finished_.Push({.record = record, .reply = EncodeReply(view)});
    if (problem.empty()) return HOLDFAST_OK;
    spdlog::error("{}: request {:016x}: bad reply: {}", Who(), id, problem);
    return HOLDFAST_INVALID;
}

holdfast_result PluginHost::FailNow(holdfast_responder responder, std::string_view reason) {
    RequestRecord* const record = responders_.Claim(responder);
    if (record == nullptr) {
        spdlog::warn("{}: a request was failed {}; that failure is dropped", Who(),
                     ended_ ? "after destroy()" : "after it had been answered");
        return HOLDFAST_ALREADY_ANSWERED;
    }
    const std::string detail = Printable(Span(reason));
    spdlog::error("{}: request {:016x} failed: {}", Who(), record->id, detail);
    finished_.Push({.record = record,
                    .reply = EncodeReply({.id = record->id,
                                          .attempt = record->attempt,
                                          .kind = ReplyKind::kFailed,
                                          .detail = detail})});
    return HOLDFAST_OK;
}

holdfast_result PluginHost::Fail(const holdfast_host_v1* host, holdfast_responder responder,
                                 holdfast_span reason) {
    return Self(host).FailNow(responder,
                              reason.data == nullptr ? std::string_view() : View(reason));
}

std::int64_t PluginHost::RemainingNs(const holdfast_host_v1* host, holdfast_responder responder) {
    const TimePoint deadline = Self(host).responders_.DeadlineOf(responder);
    if (deadline == TimePoint::min()) return 0;
    return std::max<std::int64_t>(0, (deadline - Clock::now()).count());
}

int PluginHost::Cancelled(const holdfast_host_v1* host, holdfast_responder responder) {
    return Self(host).responders_.Cancelled(responder) ? 1 : 0;
}

holdfast_result PluginHost::OnCancel(const holdfast_host_v1* host, holdfast_responder responder,
                                     void (*callback)(void*), void (*release)(void*),
                                     void* context) {
    return Self(host).responders_.OnCancel(responder, {callback, release, context});
}

void EndAndKeep(std::unique_ptr<PluginLibrary> library, std::unique_ptr<PluginHost> host) {
    host->End();
    static auto* const ended =
        new std::vector<std::pair<std::unique_ptr<PluginLibrary>, std::unique_ptr<PluginHost>>>;
    ended->emplace_back(std::move(library), std::move(host));
}

}  // namespace holdfast::worker
