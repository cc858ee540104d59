#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <holdfast/worker/config_error.hpp>
#include <holdfast/worker/plugin_library.hpp>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iterator>
#include <thread>

#include "worker/runtime/describe.h"
#include "worker/runtime/health_file.h"
#include "worker/runtime/logging.h"
#include "worker/runtime/options.h"
#include "worker/runtime/runtime.h"

namespace holdfast::worker {
namespace {

sigset_t EndSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

/// Takes the signals for the whole process: the first drains, a second one ends it at once.
/// Detached: it lives as long as the process.
void WatchSignals(Runtime& runtime) {
    std::thread([&runtime] {
        const sigset_t set = EndSignals();
        int signal = 0;
        sigwait(&set, &signal);
        spdlog::info("draining; a second signal ends at once");
        runtime.RequestDrain();
        sigwait(&set, &signal);
        _exit(128 + signal);
    }).detach();
}

int Serve(const Options& options) {
    std::unique_ptr<Runtime> runtime;
    try {
        runtime = std::make_unique<Runtime>(options.runtime);
    } catch (const ConfigError& error) {
        for (const std::string& problem : error.problems()) {
            spdlog::error("cannot start: {}", problem);
        }
        return kExitFailed;
    } catch (const std::exception& error) {
        spdlog::error("cannot start: {}", error.what());
        return kExitFailed;
    }
    WatchSignals(*runtime);
    const DrainState state = runtime->Run();
    const bool drained = state == DrainState::kDrained;
    if (drained) {
        spdlog::info("drained");
    } else {
        spdlog::error("the drain timed out: unfinished requests are cancelled");
    }
    if (!runtime->WaitForHandlers(std::chrono::seconds(1))) {
        spdlog::error("a handler does not return: ending without the plugin's consent");
        StopLogging();
        _exit(drained ? kExitDrained : kExitDrainTimedOut);
    }
    runtime.reset();
    return drained ? kExitDrained : kExitDrainTimedOut;
}

/// Ends the process. A thread that the plugin has left behind, against its contract, would run into
/// the destructors of statics; so would one that still resolves a name.
int Leave(int exit_code) {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    // This one and the one that waits for signals.
    if (std::distance(begin(threads), end(threads)) > 2) {
        std::fflush(nullptr);
        _exit(exit_code);
    }
    return exit_code;
}

int Describe(const Options& options) {
    try {
        const PluginLibrary library(options.describe);
        const auto describe = options.json ? &DescribeJson : &DescribeText;
        std::fputs(describe(library.plugin(), options.describe).c_str(), stdout);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return kExitFailed;
    }
    return kExitDrained;
}

int Main(int argc, char** argv) {
    int exit_code = kExitFailed;
    const auto options = ParseOptions(argc, argv, exit_code);
    if (!options) return exit_code;
    if (options->health) return IsHealthy(options->runtime.health_file) ? 0 : 1;
    if (!options->describe.empty()) return Describe(*options);

    // Before any thread: all inherit it.
    const sigset_t set = EndSignals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    // libzmq draws its identities from rand() and never seeds it.
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::srand(static_cast<unsigned>(now.tv_nsec) ^ static_cast<unsigned>(::getpid()) << 16U);

    StartLogging(options->log_level, options->log_format);
    exit_code = Serve(*options);
    StopLogging();
    return Leave(exit_code);
}

}  // namespace
}  // namespace holdfast::worker

int main(int argc, char** argv) {
    return holdfast::worker::Main(argc, argv);
}
