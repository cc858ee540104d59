// holdfast-gateway: Application 1. Exit codes: 0 drained (or the question that was asked is
// answered with yes), 1 it could not start (or the answer is no), 2 usage or configuration, 128 + N
// ended at once by a second signal N.
#include <malloc.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

#include "gateway/app/app.h"
#include "gateway/app/file_check.h"
#include "gateway/app/settings.h"
#include "gateway/app/signals.h"
#include "gateway/config/config.h"
#include "gateway/config/memory_bound.h"
#include "gateway/log/log.h"
#include "gateway/ops/health_check.h"

namespace {

using namespace holdfast::gateway;

enum ExitCode : int { kOk = 0, kFailed = 1, kUsage = 2 };

/// One arena, so that what one thread has freed serves every other: in an arena of its own it would
/// stay beside what those take (docs/decisions/memory-allocator.md). GLIBC_TUNABLES goes before.
void ConfigureAllocator() {
    if (std::getenv("GLIBC_TUNABLES") == nullptr) mallopt(M_ARENA_MAX, 1);
}

/// Raises the soft limit on descriptors to the hard one; what it is now.
std::uint64_t RaiseDescriptorLimit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

int PrintProblems(const std::vector<config::Problem>& problems) {
    for (const config::Problem& problem : problems) {
        std::fprintf(stderr, "%s\n", config::Format(problem).c_str());
    }
    return kUsage;
}

int CheckConfig(const config::LoadedConfig& loaded) {
    const app::FileReport files = app::CheckFiles(loaded);
    for (const std::string& warning : files.warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    if (!files.problems.empty()) return PrintProblems(files.problems);
    const config::MemoryTerms terms = config::MemoryBound(loaded.config);
    std::printf("the configuration is good; %s", config::DescribeMemory(terms).c_str());
    return kOk;
}

int Serve(const config::LoadedConfig& loaded) {
    app::Signals signals;
    log::Log log(app::LogOptions(loaded.config));
    log.Start();
    int code = kFailed;
    try {
        app::App app(loaded, signals, log);
        code = app.Run();
    } catch (const std::exception& error) {
        log.Write(log::Level::kError, "cannot start", {{"error", error.what()}});
    }
    log.Stop();
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App cli{"holdfast-gateway: an HTTP front that holds requests, not threads"};
    std::string file;
    bool check = false;
    bool print = false;
    bool health = false;
    cli.add_option("--config", file, "YAML file (default: HOLDFAST_CONFIG, else the defaults)");
    cli.add_flag("--check-config", check,
                 "check the configuration, print the memory bound, and end");
    cli.add_flag("--print-config", print, "print the effective configuration and end");
    cli.add_flag("--health", health, "ask the running gateway whether it is healthy, and end");
    cli.set_version_flag("--version", HOLDFAST_VERSION);
    cli.footer(
        "\nEvery scalar of the configuration is also read from the environment: "
        "limits.pending_bytes is\n"
        "HOLDFAST_LIMITS_PENDING_BYTES. SIGTERM and SIGINT drain.\n"
        "Exit codes: 0 drained, or yes; 1 cannot start, or no; 2 usage or configuration; 130 or "
        "143 ended\n"
        "at once by a second SIGINT or SIGTERM.");
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return cli.exit(error) == 0 ? kOk : kUsage;
    }

    const config::LoadResult result = config::Load(
        file.empty() ? std::nullopt : std::optional(file), config::ProcessEnvironment());
    if (!result.loaded) return PrintProblems(result.problems);
    if (print) {
        std::fputs(config::Print(*result.loaded).c_str(), stdout);
        return kOk;
    }
    if (health) {
        const config::Ops& ops = result.loaded->config.ops;
        return CheckHealth(ops.address, ops.port);
    }
    const auto descriptors =
        config::CheckDescriptors(result.loaded->config, RaiseDescriptorLimit());
    if (descriptors) return PrintProblems({*descriptors});
    if (check) return CheckConfig(*result.loaded);
    ConfigureAllocator();
    return Serve(*result.loaded);
}
