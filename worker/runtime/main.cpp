#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <exception>
#include <thread>

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

int Main(int argc, char** argv) {
    int exit_code = kExitFailed;
    const auto options = ParseOptions(argc, argv, exit_code);
    if (!options) return exit_code;
    if (options->health) return IsHealthy(options->runtime.health_file) ? 0 : 1;

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
    return exit_code;
}

}  // namespace
}  // namespace holdfast::worker

int main(int argc, char** argv) {
    return holdfast::worker::Main(argc, argv);
}
