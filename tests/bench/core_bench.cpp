// What the core alone costs: the table, its timers, and the whole way of a request without I/O.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "gateway/core/dispatcher.h"

namespace holdfast::gateway {
namespace {

using namespace std::chrono_literals;
using SlotIndex = PendingTable::SlotIndex;

const Route& BenchRoute() {
    static const Route route = [] {
        Route any;
        any.path = "/echo";
        any.service = "echo";
        return any;
    }();
    return route;
}

DeferredRef MakeDeferred(TimePoint now, std::size_t body_bytes) {
    Request request;
    request.route = &BenchRoute();
    request.method = "POST";
    request.target = "/echo";
    request.body.assign(body_bytes, 'b');
    request.received = now;
    request.deadline = now + 30s;
    return DeferredResult::Create(std::move(request), {}, 0, nullptr);
}

/// A table that holds `size` requests, and their ids in the order in which they are answered: that
/// of their arrival, as with an even worker, or a random one.
struct FullTable {
    FullTable(std::size_t size, bool random) : table(static_cast<std::uint32_t>(size + 1), 42) {
        // One request stands for all: the table's own cost is measured, not malloc's.
        const DeferredRef deferred = MakeDeferred(now, 0);
        for (std::size_t i = 0; i < size; ++i) {
            ids.push_back(table.IdOf(table.Insert(DeferredRef(deferred))));
        }
        if (random) std::shuffle(ids.begin(), ids.end(), std::mt19937(7));
    }
    ~FullTable() {
        for (const CorrelationId id : ids) {
            wheel.Remove(id.slot());
            table.Erase(id.slot(), false);
        }
    }
    CorrelationId& Next() {
        if (at == ids.size()) at = 0;
        return ids[at++];
    }

    TimePoint now = TimePoint{} + 1h;
    PendingTable table;
    TimingWheel wheel{table, now};
    std::vector<CorrelationId> ids;
    std::size_t at = 0;
};

void Sizes(benchmark::internal::Benchmark* benchmark) {
    for (const std::int64_t size : {100'000, 1'000'000}) {
        benchmark->Args({size, 0})->Args({size, 1});
    }
}

void TableInsertAndComplete(benchmark::State& state) {
    FullTable full(static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
    for (auto _ : state) {
        CorrelationId& id = full.Next();
        DeferredRef done = full.table.Erase(full.table.Find(id).slot, true);
        id = full.table.IdOf(full.table.Insert(std::move(done)));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(TableInsertAndComplete)->ArgNames({"pending", "random"})->Apply(Sizes);

void TimerSetAndRemove(benchmark::State& state) {
    FullTable full(static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
    std::mt19937 random(3);
    std::vector<Duration> delays(4096);
    for (Duration& delay : delays) delay = std::chrono::microseconds(random() % 30'000'000);
    std::size_t at = 0;
    const auto delay = [&] { return delays[at++ % delays.size()]; };
    for (const CorrelationId id : full.ids) full.wheel.Set(id.slot(), full.now + delay());
    for (auto _ : state) {
        const SlotIndex index = full.Next().slot();
        full.wheel.Remove(index);
        full.wheel.Set(index, full.now + delay());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(TimerSetAndRemove)->ArgNames({"pending", "random"})->Apply(Sizes);

/// A worker that answers at once, and a loop that takes the completions.
class Loopback final : public Transmitter, public CompletionSink, public WorkerObserver {
  public:
    TransmitResult Transmit(PeerId, const Outgoing& outgoing) override {
        for (const OutgoingRequest& request : outgoing.requests) {
            sent.emplace_back(request.id, request.attempt);
        }
        session = outgoing.session;
        return TransmitResult::kSent;
    }
    void Complete(Completion completion) override {
        benchmark::DoNotOptimize(completion.outcome);
        ++completed;
    }
    void OnWorkerEvent(const WorkerEvent&) override {}

    std::vector<std::pair<CorrelationId, std::uint32_t>> sent;
    std::uint64_t session = 0;
    std::uint64_t completed = 0;
};

DispatcherOptions BenchOptions(std::uint32_t pending) {
    DispatcherOptions options;
    options.services = {"echo"};
    options.pending_requests = pending;
    options.queue_requests = pending;
    options.queue_bytes = std::uint64_t{1} << 40;
    return options;
}

constexpr PeerId kWorker{1};

void Connect(Dispatcher& dispatcher, Loopback& loopback, std::uint64_t credit, TimePoint now) {
    HelloItem hello;
    hello.protocol = kProtocolVersion;
    hello.instance = "bench";
    hello.services.push_back({"echo", "echo", "1"});
    dispatcher.OnHello(kWorker, std::move(hello), now);
    dispatcher.Flush(loopback, now);
    dispatcher.OnRequestCredit(kWorker, loopback.session, {credit, std::uint64_t{1} << 60}, now);
}

/// Submit, flush, reply, complete: `range` requests in each turn.
void DispatcherRoundTrip(benchmark::State& state) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    TimePoint now = TimePoint{} + 1h;
    Loopback loopback;
    CounterBlock counters;
    ReplyBudget replies(1U << 30U);
    Dispatcher dispatcher(BenchOptions(10'000), replies, loopback, loopback, counters, now);
    Connect(dispatcher, loopback, std::uint64_t{1} << 60, now);
    for (auto _ : state) {
        now += 100us;
        for (std::size_t i = 0; i < batch; ++i) dispatcher.Submit(MakeDeferred(now, 300), now);
        dispatcher.Tick(now);
        dispatcher.Flush(loopback, now);
        for (const auto& [id, attempt] : loopback.sent) {
            ReplyItem item;
            item.id = id;
            item.attempt = attempt;
            item.payload_bytes = 300;
            item.reply.status = 200;
            dispatcher.OnReply(kWorker, loopback.session, std::move(item), now);
        }
        loopback.sent.clear();
        dispatcher.OnPong(kWorker, loopback.session, {}, now);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(loopback.completed));
    dispatcher.Shutdown(now);
}
BENCHMARK(DispatcherRoundTrip)->Arg(1)->Arg(64);

/// Suspends `range` requests with 300 bytes of body each, and says what each takes in memory.
void MemoryPerSuspended(benchmark::State& state) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    const TimePoint now = TimePoint{} + 1h;
    for (auto _ : state) {
        Loopback loopback;
        CounterBlock counters;
        ReplyBudget replies(1U << 30U);
        const auto used = [] {
            const struct mallinfo2 info = mallinfo2();
            return static_cast<double>(info.uordblks + info.hblkhd);
        };
        const double before = used();
        Dispatcher dispatcher(BenchOptions(count), replies, loopback, loopback, counters, now);
        Connect(dispatcher, loopback, 0, now);
        for (std::uint32_t i = 0; i < count; ++i) dispatcher.Submit(MakeDeferred(now, 300), now);
        state.counters["bytes_each"] = (used() - before) / count;
        state.counters["pending"] = static_cast<double>(dispatcher.pending());
        dispatcher.Shutdown(now);
    }
}
BENCHMARK(MemoryPerSuspended)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holdfast::gateway

BENCHMARK_MAIN();
