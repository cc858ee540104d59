#include "worker/runtime/options_processes.h"

#include <CLI/CLI.hpp>

#include "worker/runtime/units.h"

namespace holdfast::worker {
namespace {

constexpr std::uint32_t kMaxProcesses = 256;
/// Of private writable memory that a thread's stack counts, whether it is used or not.
constexpr std::uint64_t kStackBytes = 8U << 20U;
constexpr std::uint64_t kOwnThreads = 8;  ///< the loop, the log's, libzmq's and the like
constexpr std::uint64_t kLeastHeap = 32U << 20U;
constexpr Duration kDrainGrace = std::chrono::seconds(5);

}  // namespace

void AddProcessOptions(CLI::App& app, ProcessOptions& options) {
    const auto env = [](const char* name) { return std::string("HOLDFAST_WORKER_") + name; };
    app.add_option("--processes", options.processes,
                   "Run the plugin in so many processes, and restart those that end [one, which "
                   "nobody restarts]")
        ->envname(env("PROCESSES"))
        ->check(CLI::Range(1U, kMaxProcesses));
    app.add_flag("--watch", options.supervisor.watch,
                 "With --processes: reload the plugin when its file has changed, as SIGHUP does")
        ->envname(env("WATCH"));
    app.add_option("--ready-timeout", options.ready_timeout,
                   "A reload whose processes are not welcomed by a gateway by then is given up")
        ->envname(env("READY_TIMEOUT"))
        ->capture_default_str();
    app.add_option("--process-memory", options.memory,
                   "Private writable memory of each process; beyond it allocations fail")
        ->envname(env("PROCESS_MEMORY"));
    app.add_option("--process-cpus", options.limits.cpus, "CPUs that each process may use")
        ->envname(env("PROCESS_CPUS"))
        ->check(CLI::Range(1U, 1024U));
    app.add_option("--process-nice", options.limits.nice, "Each process gives way to others")
        ->envname(env("PROCESS_NICE"))
        ->check(CLI::Range(1, 19));
}

void InterpretProcesses(const WorkerFacts& worker, ProcessOptions& options) {
    options.supervised = options.processes != 0;
    if (options.supervisor.watch && !options.supervised) {
        throw CLI::ValidationError("--watch", "needs --processes");
    }
    const auto timeout = ParseDuration(options.ready_timeout);
    if (!timeout) {
        throw CLI::ValidationError("--ready-timeout",
                                   "'" + options.ready_timeout + "' is not " + kDurationRule);
    }
    options.supervisor.plugin = worker.plugin;
    options.supervisor.rules.processes = options.processes;
    options.supervisor.rules.ready_timeout = *timeout;
    options.supervisor.rules.drain_limit = worker.drain_timeout + kDrainGrace;
    if (options.memory.empty()) return;
    const auto memory = ParseSize(options.memory);
    if (!memory) {
        throw CLI::ValidationError("--process-memory",
                                   "'" + options.memory + "' is not a size such as 512MiB");
    }
    const std::uint64_t least = (worker.threads + kOwnThreads) * kStackBytes + kLeastHeap;
    if (*memory < least) {
        throw CLI::ValidationError("--process-memory",
                                   "must be at least " + std::to_string(least >> 20U) +
                                       "MiB: the stack of each thread counts with 8MiB");
    }
    options.limits.memory_bytes = *memory;
}

}  // namespace holdfast::worker
