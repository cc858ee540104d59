#include "worker/runtime/runtime.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <unistd.h>
#include <holdfast/worker/plugin_library.hpp>
#include <holdfast/worker/span.hpp>

#include <array>
#include <thread>
#include <utility>
#include <vector>

#include "worker/runtime/crash_report.h"
#include "worker/runtime/handler_pool.h"
#include "worker/runtime/loop.h"
#include "worker/runtime/plugin_host.h"
#include "worker/runtime/request_block.h"
#include "worker/runtime/wakeup.h"

namespace holdfast::worker {
namespace {

/// Beyond the capacity: each gateway may have one more.
constexpr std::size_t kSpareSlots = 65536;

std::string MakeInstance() {
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) {
        random = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
    }
    return fmt::format("{:016x}", random);
}

std::vector<std::pair<std::string, std::string>> Settings(const RuntimeOptions& options) {
    using std::chrono::milliseconds;
    const auto ms = [](Duration duration) {
        return fmt::format("{} ms", std::chrono::duration_cast<milliseconds>(duration).count());
    };
    std::vector<std::pair<std::string, std::string>> settings = {
        {"capacity", std::to_string(options.rules.capacity_requests)},
        {"capacity-bytes", std::to_string(options.rules.capacity_bytes)},
        {"stuck-after", ms(options.rules.stuck_after)},
        {"drain-timeout", ms(options.rules.drain_timeout)},
    };
    settings.insert(settings.end(), options.settings.begin(), options.settings.end());
    return settings;
}

/// On a handler thread.
void Handle(PluginHost& plugin, RequestRecord& record) {
    const auto& request = static_cast<const RequestBlock&>(*record.payload).request();
    const RunningRequest running(record.id, record.attempt, View(request.service),
                                 View(request.route));
    plugin.Handle(record);
}

LoopOptions MakeLoopOptions(const RuntimeOptions& options, const PluginLibrary& library) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    LoopOptions loop;
    loop.gateways = options.gateways;
    loop.rules = options.rules;
    loop.health_file = options.health_file;
    loop.on_welcomed = options.on_welcomed;
    const holdfast_abi& abi = library.plugin().abi;
    loop.curve = options.curve;
    loop.hello = {.instance = MakeInstance(),
                  .version = HOLDFAST_VERSION,
                  .host = host.data(),
                  .plugin = library.plugin().name,
                  .plugin_version = library.plugin().version,
                  .services = library.Services(),
                  .threads = static_cast<std::uint32_t>(options.threads),
                  .pid = static_cast<std::uint64_t>(::getpid()),
                  .process = options.process,
                  .built_with = abi.built_with == nullptr ? "" : abi.built_with,
                  .abi = fmt::format("{}.{}", abi.major, abi.minor),
                  .started = Clock::now(),
                  .settings = Settings(options)};
    return loop;
}

}  // namespace

struct Runtime::Parts {
    explicit Parts(const RuntimeOptions& options)
        : recorder(options.record.folder.empty() ? nullptr
                                                 : std::make_unique<Recorder>(options.record)),
          library(std::make_unique<PluginLibrary>(options.plugin)),
          wakeup(std::make_shared<Wakeup>()),
          finished(*wakeup),
          host(std::make_unique<PluginHost>(library->plugin(), options.plugin_config,
                                            options.rules.capacity_requests + kSpareSlots,
                                            finished)),
          pool(std::make_unique<HandlerPool>(
              options.threads, finished,
              [plugin = host.get()](RequestRecord& record) { Handle(*plugin, record); })),
          loop(MakeLoopOptions(options, *library), *host, *pool, finished, wakeup) {
        if (recorder != nullptr) host->RecordTo(recorder.get());
    }

    /// The loop owns the requests, which the plugin may answer until it has been destroyed.
    ~Parts() {
        pool.reset();
        EndAndKeep(std::move(library), std::move(host));
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    std::unique_ptr<Recorder> recorder;
    std::unique_ptr<PluginLibrary> library;
    std::shared_ptr<Wakeup> wakeup;
    FinishedInbox finished;
    std::unique_ptr<PluginHost> host;
    std::unique_ptr<HandlerPool> pool;
    Loop loop;
};

Runtime::Runtime(const RuntimeOptions& options) : parts_(std::make_unique<Parts>(options)) {}

Runtime::~Runtime() = default;

DrainState Runtime::Run() {
    return parts_->loop.Run();
}

void Runtime::RequestDrain() {
    parts_->loop.RequestDrain();
}

void Runtime::SetCurveKeys(std::shared_ptr<const CurveKeys> keys) {
    parts_->loop.SetCurveKeys(std::move(keys));
}

bool Runtime::WaitForHandlers(Duration patience) {
    const TimePoint until = Clock::now() + patience;
    while (parts_->pool->AnyBusy()) {
        if (Clock::now() >= until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

}  // namespace holdfast::worker
