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
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "worker/runtime/attach_wait.h"
#include "worker/runtime/crash_report.h"
#include "worker/runtime/describe.h"
#include "worker/runtime/health_file.h"
#include "worker/runtime/logging.h"
#include "worker/runtime/options.h"
#include "worker/runtime/runtime.h"
#include "worker/supervisor/child_context.h"
#include "worker/supervisor/report_text.h"
#include "worker/supervisor/spawn.h"
#include "worker/supervisor/supervisor.h"

namespace holdfast::worker {
namespace {

/// Waits for it.
int NextSignal() {
    const sigset_t set = WorkerSignals();
    int signal = 0;
    sigwait(&set, &signal);
    return signal;
}

/// On SIGHUP, without a supervisor.
void ReloadKeys(Runtime& runtime, const CurveKeys* keys) {
    if (keys == nullptr) {
        spdlog::info(
            "SIGHUP: there are no keys to reload; a new plugin needs --processes, or a restart");
        return;
    }
    try {
        runtime.SetCurveKeys(keys->ReadAnew());
        spdlog::info("SIGHUP: the keys were reloaded, for new connections");
    } catch (const std::runtime_error& error) {
        spdlog::error("SIGHUP: the keys stay as they were: {}", error.what());
    }
}

/// Takes the signals for the whole process: the first that ends it drains, a second one ends it at
/// once. Under a supervisor, further ones change nothing: a terminal and systemd signal all
/// processes at once, and so does the supervisor, which alone decides what is the second one. It
/// kills; where it has died itself, the process ends `supervised_limit` after the first, even if
/// its drain hangs. SIGHUP reloads the keys, but under a supervisor, which starts new processes.
/// Detached: it lives as long as the process.
void WatchSignals(Runtime& runtime, std::optional<Duration> supervised_limit,
                  std::shared_ptr<const CurveKeys> keys) {
    std::thread([&runtime, supervised_limit, keys = std::move(keys)] {
        while (NextSignal() == SIGHUP) {
            if (!supervised_limit) ReloadKeys(runtime, keys.get());
        }
        spdlog::info(supervised_limit ? "draining" : "draining; a second signal ends at once");
        runtime.RequestDrain();
        if (supervised_limit) {
            std::this_thread::sleep_for(*supervised_limit);
            _exit(kExitDrainTimedOut);
        }
        int second = SIGHUP;
        while (second == SIGHUP) second = NextSignal();
        _exit(128 + second);
    }).detach();
}

/// As a supervisor wants it: its copy of the plugin, its name, and a word when it serves.
void ObeySupervisor(const ChildContext& context, RuntimeOptions& runtime) {
    runtime.plugin = context.plugin;
    runtime.process = {.index = context.index,
                       .generation = context.generation,
                       .restarts = context.restarts,
                       .last_crash = context.last_crash,
                       .last_crash_at = Clock::now() - context.last_crash_age};
    runtime.on_welcomed = [fd = context.report_fd] { ReportToSupervisor(fd, "ready"); };
}

void ReportCrashes(const Options& options, const std::optional<ChildContext>& context) {
    if (context) {
        InstallCrashReport(context->report_fd, CrashReportForm::kSupervisor);
    } else {
        InstallCrashReport(STDERR_FILENO, options.log_format == "json" ? CrashReportForm::kJson
                                                                       : CrashReportForm::kText);
    }
}

/// Before any thread: each has CPUs and a niceness of its own, and inherits them from the one that
/// starts it. Returns the problem, if there is one, for the log, which has a thread.
std::string ApplyLimits(const Options& options, const std::optional<ChildContext>& context) {
    try {
        Apply(options.processes.limits, context ? context->index : 0);
        return {};
    } catch (const std::system_error& error) {
        return error.what();
    }
}

/// `limits_problem`: what ApplyLimits said.
int Serve(Options options, const std::optional<ChildContext>& context,
          const std::string& limits_problem) {
    ReportCrashes(options, context);
    // The file that people know, not its private copy.
    const auto complain = [copy = context ? context->plugin : std::string(),
                           plugin = options.runtime.plugin](std::string_view problem) {
        spdlog::error("cannot start: {}", ReportText(problem, copy, plugin));
    };
    if (!limits_problem.empty()) {
        complain(limits_problem);
        return kExitFailed;
    }
    if (context) ObeySupervisor(*context, options.runtime);
    options.runtime.settings = Describe(options.processes.limits);
    std::unique_ptr<Runtime> runtime;
    try {
        runtime = std::make_unique<Runtime>(options.runtime);
    } catch (const ConfigError& error) {
        for (const std::string& problem : error.problems()) complain(problem);
        return kExitFailed;
    } catch (const std::exception& error) {
        complain(error.what());
        return kExitFailed;
    }
    if (geteuid() == 0) {
        spdlog::warn("running as root, which nothing here needs: use another user");
    }
    if (context) ReportToSupervisor(context->report_fd, "started");
    WatchSignals(
        *runtime,
        context ? std::optional(options.processes.supervisor.rules.drain_limit) : std::nullopt,
        options.runtime.curve);
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
int Leave(int exit_code, int known_threads) {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    if (std::distance(begin(threads), end(threads)) > known_threads) {
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
    const std::optional<ChildContext> context = TakeChildContext();
    int exit_code = kExitFailed;
    const auto options = ParseOptions(argc, argv, exit_code);
    if (!options) return exit_code;
    if (options->health) return IsHealthy(options->runtime.health_file) ? 0 : 1;
    if (!options->describe.empty()) return Describe(*options);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // what may not grow any more is the plugin's to answer for
    const bool supervise = options->processes.supervised && !context;
    // A supervisor loads no plugin: its children wait, each by itself.
    if (options->attach_wait && !supervise) {
        if (const int signal = WaitForDebugger(); signal != 0) return 128 + signal;
    }
    if (!options->invoke.from.empty()) {
        ReportCrashes(*options, std::nullopt);
        StartLogging(options->log_level, options->log_format, std::nullopt);
        exit_code = Invoke(options->runtime.plugin, options->runtime.plugin_config, options->invoke,
                           options->json);
        StopLogging();
        return Leave(exit_code, 1);
    }

    // Before any thread: all inherit it.
    const sigset_t set = WorkerSignals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // libzmq draws its identities from rand() and never seeds it.
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::srand(static_cast<unsigned>(now.tv_nsec) ^ static_cast<unsigned>(::getpid()) << 16U);

    // A supervisor has none: its children have.
    const std::string limits_problem = supervise ? std::string() : ApplyLimits(*options, context);
    if (supervise) BlockSupervisorSignals();
    StartLogging(options->log_level, options->log_format,
                 context ? std::optional(context->index) : std::nullopt);
    exit_code = supervise ? RunSupervisor(options->processes.supervisor, argv)
                          : Serve(*options, context, limits_problem);
    StopLogging();
    return Leave(exit_code, 2);  // the other waits for signals
}

}  // namespace
}  // namespace holdfast::worker

int main(int argc, char** argv) {
    return holdfast::worker::Main(argc, argv);
}
