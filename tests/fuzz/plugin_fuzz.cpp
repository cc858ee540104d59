// The plugin interface, with a plugin that does to its host whatever the bytes say: replies that
// break every rule, two of them, tokens of its own making, answers after it has been destroyed,
// exceptions. The host goes on, and each request is answered at most once, by something that a
// gateway can read.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <google/protobuf/stubs/logging.h>
#include <spdlog/spdlog.h>

#include "gateway/bus/codec.h"
#include "worker/runtime/plugin_host.h"
#include "worker/runtime/request_block.h"
#include "worker/runtime/wakeup.h"

namespace {

namespace gateway = holdfast::gateway;
namespace worker = holdfast::worker;

constexpr std::uint64_t kMaxReplyBytes = 512;
constexpr std::size_t kRequests = 3;

void Require(bool holds) {
    if (!holds) std::abort();
}

/// What one input does, and what it has seen.
struct Script {
    explicit Script(FuzzedDataProvider& bytes) : input(bytes) {}

    FuzzedDataProvider& input;
    const holdfast_host_v1* host = nullptr;
    std::vector<holdfast_responder> tokens;
    // Cancel callbacks run on the host's thread.
    std::atomic<std::size_t> accepted{0};  ///< by HOLDFAST_OK or HOLDFAST_INVALID
    std::atomic<std::size_t> callbacks{0};
    std::atomic<std::size_t> released{0};
    std::size_t registered = 0;
    std::size_t thrown = 0;
    bool in_handle = false;
};
Script* script = nullptr;

/// Bytes that are there, or a size that lies where nothing may be read.
holdfast_span Span(FuzzedDataProvider& input, std::vector<std::string>& keep) {
    switch (input.ConsumeIntegralInRange<int>(0, 7)) {
        case 0:
            return {nullptr, input.ConsumeIntegral<std::size_t>()};
        case 1:
            // As of a failed read() that was not looked at: larger than any reply may be.
            return {"x", SIZE_MAX - input.ConsumeIntegral<std::uint16_t>()};
        default:
            keep.push_back(input.ConsumeRandomLengthString(600));
            return {keep.back().data(), keep.back().size()};
    }
}

void Reply(FuzzedDataProvider& input, holdfast_responder token) {
    std::vector<std::string> keep;
    keep.reserve(16);
    std::array<holdfast_field, 4> fields{};
    holdfast_reply_v1 reply{};
    reply.size = input.ConsumeBool()
                     ? sizeof reply
                     : input.ConsumeIntegralInRange<std::size_t>(0, 2 * sizeof reply);
    reply.status = input.ConsumeBool() ? 200 : input.ConsumeIntegralInRange<std::uint32_t>(0, 700);
    reply.flags = input.ConsumeBool() ? 0 : input.ConsumeIntegral<std::uint32_t>();
    for (holdfast_field& field : fields) field = {Span(input, keep), Span(input, keep)};
    reply.headers = {fields.data(), input.ConsumeIntegralInRange<std::size_t>(0, fields.size())};
    if (input.ConsumeProbability<double>() < 0.05) {
        reply.headers = {nullptr, input.ConsumeIntegral<std::size_t>()};
    }
    reply.body = Span(input, keep);
    keep.push_back(input.ConsumeRandomLengthString(1200));
    reply.detail = {input.ConsumeBool() ? keep.back().data() : nullptr, keep.back().size()};
    // As many bytes as its size says, so that reading beyond them is seen.
    const auto bytes = std::make_unique<std::byte[]>(std::max(reply.size, sizeof reply.size));
    std::memcpy(bytes.get(), &reply,
                std::min(std::max(reply.size, sizeof reply.size), sizeof reply));
    const auto* given =
        static_cast<const holdfast_reply_v1*>(static_cast<const void*>(bytes.get()));
    const auto result =
        script->host->reply(script->host, token, input.ConsumeBool() ? given : nullptr);
    Require(result >= HOLDFAST_OK && result <= HOLDFAST_UNSUPPORTED);
    if (result == HOLDFAST_OK || result == HOLDFAST_INVALID) ++script->accepted;
}

void OnCancelled(void* context) {
    ++script->callbacks;
    const auto token = *static_cast<holdfast_responder*>(context);
    if (script->host->fail(script->host, token, {"cancelled", 9}) == HOLDFAST_OK) {
        ++script->accepted;
    }
}
void Released(void* context) {
    ++script->released;
    delete static_cast<holdfast_responder*>(context);
}

holdfast_responder SomeToken(FuzzedDataProvider& input) {
    if (script->tokens.empty() || input.ConsumeProbability<double>() < 0.1) {
        return {input.ConsumeIntegral<std::uint64_t>()};
    }
    return script->tokens[input.ConsumeIntegralInRange<std::size_t>(0, script->tokens.size() - 1)];
}

/// One call of the host.
void Step(FuzzedDataProvider& input) {
    const holdfast_host_v1* host = script->host;
    const holdfast_responder token = SomeToken(input);
    std::vector<std::string> keep;
    keep.reserve(4);
    switch (input.ConsumeIntegralInRange<int>(0, 7)) {
        case 0:
        case 1:
            Reply(input, token);
            break;
        case 2: {
            const std::string reason = input.ConsumeRandomLengthString(1200);
            const holdfast_span span =
                input.ConsumeBool() ? holdfast_span{reason.data(), reason.size()}
                                    : holdfast_span{nullptr, input.ConsumeIntegral<size_t>()};
            if (host->fail(host, token, span) == HOLDFAST_OK) ++script->accepted;
            break;
        }
        case 3:
            Require(host->remaining_ns(host, token) >= 0);
            break;
        case 4:
            Require(host->cancelled(host, token) <= 1);
            break;
        case 5: {
            const bool callable = input.ConsumeBool();
            ++script->registered;
            host->on_cancel(host, token, callable ? &OnCancelled : nullptr, &Released,
                            new holdfast_responder(token));
            break;
        }
        case 6: {
            const std::string text = input.ConsumeRandomLengthString(1200);
            host->log(host,
                      static_cast<holdfast_log_level>(input.ConsumeIntegralInRange<int>(0, 3)),
                      input.ConsumeBool() ? "a/b.c" : nullptr, input.ConsumeIntegral<int>(),
                      {text.data(), text.size()});
            break;
        }
        default:
            if (!script->in_handle) break;
            ++script->thrown;
            if (input.ConsumeBool()) throw std::runtime_error("an exception of the plugin");
            throw 7;
    }
}

void Steps(FuzzedDataProvider& input) {
    for (int left = input.ConsumeIntegralInRange<int>(0, 4); left > 0; --left) Step(input);
}

void* Create(const holdfast_host_v1* host, holdfast_span, char*, std::size_t) {
    script->host = host;
    return script;
}
void Handle(void*, const holdfast_request_v1*, holdfast_responder token) {
    script->tokens.push_back(token);
    script->in_handle = true;
    struct Left {
        ~Left() { script->in_handle = false; }
    } left;
    Steps(script->input);
}
void Destroy(void*) {
    Steps(script->input);
}

constexpr const char* kServices[] = {"orders"};
const holdfast_plugin_v1 kPlugin{.abi = HOLDFAST_ABI_INIT,
                                 .size = sizeof(holdfast_plugin_v1),
                                 .name = "hostile",
                                 .version = "1",
                                 .services = kServices,
                                 .service_count = 1,
                                 .create = &Create,
                                 .handle = &Handle,
                                 .destroy = &Destroy,
                                 .options = nullptr,
                                 .option_count = 0};

/// Each answer is one that a gateway takes, of a request that had none.
class Answers {
  public:
    Answers(worker::FinishedInbox& inbox, const std::vector<worker::RequestRecord>& records)
        : inbox_(inbox), records_(records), answered_(records.size()) {}

    std::size_t Take() {
        std::vector<worker::Finished> taken;
        inbox_.TakeAll(taken);
        for (const worker::Finished& finished : taken) Check(finished);
        return total_;
    }

  private:
    void Check(const worker::Finished& finished) {
        const auto index = static_cast<std::size_t>(finished.record - records_.data());
        Require(index < records_.size() && !answered_[index]);
        answered_[index] = true;
        ++total_;
        static gateway::EnvelopeDecoder decoder({1U << 20U, kMaxReplyBytes});
        static gateway::Incoming incoming;
        Require(!decoder.Decode(finished.reply.encoded, incoming));
        Require(incoming.replies.size() == 1 && incoming.replies_over_limit == 0);
        const gateway::ReplyItem& reply = incoming.replies[0];
        Require(reply.id.value() == finished.record->id);
        Require(reply.attempt == finished.record->attempt);
        Require(reply.payload_bytes == finished.reply.payload_bytes);
        Require(static_cast<int>(reply.reply.kind) == static_cast<int>(finished.reply.kind));
        if (finished.reply.kind != worker::ReplyKind::kAnswered) return;
        Require(reply.payload_bytes <= kMaxReplyBytes);
        Require(reply.reply.status >= 200 && reply.reply.status <= 599);
    }

    worker::FinishedInbox& inbox_;
    const std::vector<worker::RequestRecord>& records_;
    std::vector<bool> answered_;
    std::size_t total_ = 0;
};

void Run(FuzzedDataProvider& input) {
    Script running(input);
    script = &running;
    worker::Wakeup wakeup;
    worker::FinishedInbox finished(wakeup);
    worker::Lease lease;
    lease.RenewUntil(worker::TimePoint::max());
    std::vector<worker::RequestRecord> records(kRequests);
    Answers answers(finished, records);
    worker::PluginHost host(kPlugin, {}, kRequests, finished);
    std::uint64_t id = 0;
    for (worker::RequestRecord& record : records) {
        record.id = ++id;
        record.attempt = 1;
        record.max_reply_bytes = kMaxReplyBytes;
        record.lease = &lease;
        record.deadline = worker::Clock::now() + std::chrono::hours(1);
        worker::RequestView view;
        view.id = record.id;
        view.service = "orders";
        record.payload = worker::RequestBlock::Make(view);
        Require(host.Prepare(record));
        host.Handle(record);
        if (input.ConsumeBool()) host.Cancel(record);
        if (input.ConsumeBool()) std::thread([&input] { Steps(input); }).join();
        answers.Take();
    }
    host.End();
    const std::size_t answered = answers.Take();
    const std::size_t accepted = running.accepted;
    // An exception that left handle() has failed its request, unless it had been answered.
    Require(answered >= accepted && answered <= accepted + running.thrown);
    // The plugin has been destroyed, and goes on all the same.
    Steps(input);
    Require(running.accepted == accepted && answers.Take() == answered);
    Require(running.released == running.registered && running.callbacks <= kRequests);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const google::protobuf::LogSilencer no_lines_about_utf8;
    static const bool quiet = [] {
        spdlog::set_level(spdlog::level::off);
        return true;
    }();
    Require(quiet);
    FuzzedDataProvider input(data, size);
    Run(input);
    return 0;
}
