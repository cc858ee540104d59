// What it costs to cross the plugin interface: the same trivial handler called directly, through
// the C++ face and the C functions alone, and through the worker's own host with its responder
// table, reply rules and encoder.
#include <benchmark/benchmark.h>
#include <holdfast/worker/plugin.hpp>
#include <holdfast/worker/reply_rules.hpp>

#include <string>
#include <vector>

#include "worker/runtime/handler_pool.h"
#include "worker/runtime/plugin_host.h"
#include "worker/runtime/request_block.h"
#include "worker/runtime/request_file.h"

namespace holdfast::worker {
namespace {

/// As the plugin `echo` does.
class Echo : public Plugin {
  public:
    Reply Handle(const Request& request) override {
        Reply reply{.body = std::string(request.body())};
        if (auto type = request.Header("content-type")) {
            reply.headers.emplace_back("content-type", *type);
        }
        return reply;
    }
};

constexpr const char* kServices[] = {"echo"};
constexpr holdfast_plugin_v1 kEcho = Describe<Echo>("echo", "1", kServices, 1);

RequestFile MakeRequest() {
    RequestFile request;
    request.method = "POST";
    request.target = "/v1/echo";
    request.headers = {{"content-type", "application/json"}, {"accept", "*/*"}, {"host", "bench"}};
    request.body = std::string(300, 'x');
    return request;
}

/// A host that takes an answer and does nothing with it.
struct EmptyHost {
    holdfast_host_v1 abi{};

    EmptyHost() {
        abi.size = sizeof abi;
        abi.abi = HOLDFAST_ABI_INIT;
        abi.reply = [](const holdfast_host_v1*, holdfast_responder,
                       const holdfast_reply_v1* reply) {
            benchmark::DoNotOptimize(reply->body.data);
            return HOLDFAST_OK;
        };
    }
};

void HandlerCalledDirectly(benchmark::State& state) {
    const EmptyHost host;
    const auto payload = MakeRequest().MakePayload("echo");
    const auto& block = static_cast<const RequestBlock&>(*payload);
    Echo echo;
    for (auto _ : state) {
        const Reply reply = echo.Handle(Request(&host.abi, &block.request(), {1}));
        benchmark::DoNotOptimize(reply.body.data());
    }
}
BENCHMARK(HandlerCalledDirectly);

void HandlerThroughTheInterface(benchmark::State& state) {
    const EmptyHost host;
    const auto payload = MakeRequest().MakePayload("echo");
    const auto& block = static_cast<const RequestBlock&>(*payload);
    const holdfast_plugin_v1* plugin = &kEcho;
    benchmark::DoNotOptimize(plugin);
    void* const instance = plugin->create(&host.abi, {}, nullptr, 0);
    for (auto _ : state) plugin->handle(instance, &block.request(), {1});
    plugin->destroy(instance);
}
BENCHMARK(HandlerThroughTheInterface);

void HandlerThroughTheWorkersHost(benchmark::State& state) {
    Wakeup wakeup;
    FinishedInbox finished(wakeup);
    PluginHost host(kEcho, {}, 16, finished);
    Lease lease;
    RequestRecord record;
    record.id = 1;
    record.attempt = 1;
    record.max_reply_bytes = 1U << 20U;
    record.lease = &lease;
    record.deadline = TimePoint::max();
    record.payload = MakeRequest().MakePayload("echo");
    // What the loop takes in one turn; with it, its wake-up is paid once.
    constexpr int kTurn = 64;
    std::vector<Finished> taken;
    int in_turn = 0;
    for (auto _ : state) {
        if (!host.Prepare(record)) state.SkipWithError("no slot");
        host.Handle(record);
        if (++in_turn < kTurn) continue;
        in_turn = 0;
        finished.TakeAll(taken);
        taken.clear();
        wakeup.Clear();
    }
}
BENCHMARK(HandlerThroughTheWorkersHost);

}  // namespace
}  // namespace holdfast::worker

BENCHMARK_MAIN();
