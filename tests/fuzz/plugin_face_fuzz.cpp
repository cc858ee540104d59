// The C++ face that plugin authors write against, under a host that gives and answers whatever the
// bytes say, as far as plugin.h lets it: nothing escapes, each request is answered or failed once.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <stdexcept>
#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <holdfast/worker/json.hpp>
#include <holdfast/worker/plugin.hpp>

namespace {

using namespace holdfast::worker;

void Require(bool holds) {
    if (!holds) std::abort();
}

FuzzedDataProvider* input = nullptr;
int answers = 0;
int called_back = 0;

/// Does with its request what an author could do, by the bytes.
class Wild final : public AsyncPlugin {
  public:
    static constexpr ConfigSchema kConfig{Option::Integer("number", 1, "a number").Between(1, 9),
                                          Option::Texts("names", "[]", "names")};
    explicit Wild(const Config& config) { Require(config.Integer("number") >= 1); }

    void HandleAsync(Request request, Responder responder) override {
        std::size_t bytes = request.body().size() + request.target().size();
        for (const Fields& fields :
             {request.headers(), request.parameters(), request.attributes()}) {
            for (std::size_t i = 0; i < fields.size(); ++i) {
                bytes += fields[i].name.size() + fields[i].value.size();
                Require(fields.Find(fields[i].name).has_value());
            }
        }
        if (input->ConsumeBool()) request.OnCancel([] { ++called_back; });
        static_cast<void>(request.Expired() || request.Cancelled());
        try {
            static_cast<void>(ParseJson(request.body(), 16));
        } catch (const JsonError&) {
        }
        switch (input->ConsumeIntegralInRange<int>(0, 6)) {
            case 0:
                responder.Answer({.headers = {{"size", std::to_string(bytes)}}, .body = "b"});
                responder.Answer({});
                break;
            case 1:
                responder.Fail("failed");
                break;
            case 2:
                throw std::runtime_error("thrown");
            case 3:
                throw 7;
            case 4: {
                const Responder moved = std::move(responder);
                break;
            }
            case 5:
                responder = Responder(std::move(responder));
                responder.Answer(Reply::NotProcessed("no"));
                break;
            default:
                break;
        }
    }
};

holdfast_result SomeResult() {
    return static_cast<holdfast_result>(input->ConsumeIntegralInRange<int>(0, 3));
}

void Log(const holdfast_host_v1*, holdfast_log_level, const char*, int, holdfast_span text) {
    Require(text.size == 0 || text.data != nullptr);
}
holdfast_result TakeReply(const holdfast_host_v1*, holdfast_responder,
                          const holdfast_reply_v1* reply) {
    Require(reply->size == sizeof(holdfast_reply_v1));
    ++answers;
    return SomeResult();
}
holdfast_result TakeFailure(const holdfast_host_v1*, holdfast_responder, holdfast_span) {
    ++answers;
    return SomeResult();
}
std::int64_t Remaining(const holdfast_host_v1*, holdfast_responder) {
    return input->ConsumeIntegral<std::int64_t>();
}
int Cancelled(const holdfast_host_v1*, holdfast_responder) {
    return input->ConsumeIntegral<int>();
}
holdfast_result OnCancel(const holdfast_host_v1*, holdfast_responder, void (*callback)(void*),
                         void (*release)(void*), void* context) {
    const holdfast_result result = SomeResult();
    if (result == HOLDFAST_OK && input->ConsumeBool()) callback(context);
    release(context);
    return result;
}

/// Texts of a host; an empty one may be NULL.
class Texts {
  public:
    holdfast_span Next() {
        if (input->ConsumeProbability<double>() < 0.2) return {nullptr, 0};
        texts_.push_back(input->ConsumeRandomLengthString(200));
        return {texts_.back().data(), texts_.back().size()};
    }
    holdfast_fields Fields() {
        std::vector<holdfast_field>& fields =
            fields_.emplace_back(input->ConsumeIntegralInRange<std::size_t>(0, 5));
        for (holdfast_field& field : fields) field = {Next(), Next()};
        return {fields.empty() ? nullptr : fields.data(), fields.size()};
    }

  private:
    std::list<std::string> texts_;
    std::list<std::vector<holdfast_field>> fields_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider bytes(data, size);
    input = &bytes;
    answers = 0;
    static constexpr const char* kServices[] = {"s"};
    static constexpr auto kPlugin = Describe<Wild>("wild", "1", kServices, 1);
    const holdfast_host_v1 host{.size = sizeof(holdfast_host_v1),
                                .abi = HOLDFAST_ABI_INIT,
                                .log = &Log,
                                .reply = &TakeReply,
                                .fail = &TakeFailure,
                                .remaining_ns = &Remaining,
                                .cancelled = &Cancelled,
                                .on_cancel = &OnCancel};
    Texts texts;
    std::array<char, 40> error{};
    const std::size_t room = bytes.ConsumeIntegralInRange<std::size_t>(0, error.size());
    void* const instance = kPlugin.create(&host, texts.Next(), error.data(), room);
    if (instance == nullptr) {
        Require(room == 0 || error.at(room - 1) == '\0');
        return 0;
    }
    for (int requests = 1; requests <= 3; ++requests) {
        holdfast_request_v1 request{};
        request.size = sizeof request;
        request.correlation_id = bytes.ConsumeIntegral<std::uint64_t>();
        request.attempt = 1;
        request.service = texts.Next();
        request.method = texts.Next();
        request.target = texts.Next();
        request.body = texts.Next();
        request.parameters = texts.Fields();
        request.headers = texts.Fields();
        request.attributes = texts.Fields();
        kPlugin.handle(instance, &request, {static_cast<std::uint64_t>(requests)});
        Require(answers == requests);
    }
    kPlugin.destroy(instance);
    return 0;
}
