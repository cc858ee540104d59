#include "worker/runtime/options.h"

#include <holdfast/worker/reply_rules.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "worker/runtime/read_to_end.h"
#include "worker/runtime/units.h"

namespace holdfast::worker {
namespace {

constexpr std::size_t kMaxThreads = 1024;
constexpr std::uint32_t kMaxCapacity = 1'000'000;
constexpr std::uint32_t kCapacityPerThread = 64;

/// As they stand on the command line.
struct Raw {
    std::vector<std::string> plugins;  ///< one; more only to say so
    std::vector<std::string> gateways;
    std::string plugin_config;
    std::string curve_key;
    std::string curve_gateway_key;
    std::uint32_t capacity = 0;
    std::string capacity_bytes = "64MiB";
    std::string drain_timeout = "30s";
    std::string stuck_after = "300ms";
    std::string timeout;
    std::string cancel_after;
    std::vector<std::string> redact = {"authorization", "cookie", "proxy-authorization",
                                       "x-api-key"};
    std::string record_bytes = "64MiB";
};

const CLI::Validator kSize(
    [](const std::string& text) {
        return ParseSize(text) ? std::string() : "'" + text + "' is not a size such as 64MiB";
    },
    "SIZE");
const CLI::Validator kDuration(
    [](const std::string& text) {
        return ParseDuration(text) ? std::string() : "'" + text + "' is not " + kDurationRule;
    },
    "DURATION");
const CLI::Validator kGateway(
    [](const std::string& text) {
        return ParseAddress(text) ? std::string()
                                  : "'" + text + "' is not an address such as tcp://gateway:5570";
    },
    "tcp://HOST:PORT");

std::string Environment(const char* name) {
    return std::string("HOLDFAST_WORKER_") + name;
}

/// What looks at a plugin instead of serving it, or beside that.
void DescribeDebugging(CLI::App& app, Options& options, Raw& raw) {
    const auto& env = Environment;
    InvokeOptions& invoke = options.invoke;
    RecordOptions& record = options.runtime.record;
    app.add_option("--describe", options.describe,
                   "Only print what this plugin says of itself: version, services, options")
        ->envname(env("DESCRIBE"));
    app.add_option("--invoke", invoke.from,
                   "Only give the plugin this request and print how it ends: a file, a folder of "
                   "*.json, or - for standard input")
        ->envname(env("INVOKE"));
    app.add_option("--repeat", invoke.repeat, "With --invoke: each request so often")
        ->envname(env("REPEAT"))
        ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}))
        ->capture_default_str();
    app.add_option("--timeout", raw.timeout,
                   "With --invoke: each request's deadline, instead of its own [30s]")
        ->envname(env("TIMEOUT"))
        ->check(kDuration);
    app.add_option("--cancel-after", raw.cancel_after, "With --invoke: cancel each request then")
        ->envname(env("CANCEL_AFTER"))
        ->check(kDuration);
    app.add_flag("--json", options.json, "With --describe and --invoke: print JSON")
        ->envname(env("JSON"));
    app.add_option("--record", record.folder,
                   "Save requests to this folder, for --invoke: they may hold secrets")
        ->envname(env("RECORD"));
    app.add_option("--record-redact", raw.redact, "Headers whose values are not saved")
        ->envname(env("RECORD_REDACT"))
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--record-requests", record.max_requests, "Requests to save, at most")
        ->envname(env("RECORD_REQUESTS"))
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
        ->capture_default_str();
    app.add_option("--record-bytes", raw.record_bytes, "Bytes of files to save, at most")
        ->envname(env("RECORD_BYTES"))
        ->check(kSize)
        ->capture_default_str();
    app.add_flag("--attach-wait", options.attach_wait,
                 "Print the process's id and wait for a debugger, or SIGCONT, first")
        ->envname(env("ATTACH_WAIT"));
}

void Describe(CLI::App& app, Options& options, Raw& raw) {
    RuntimeOptions& runtime = options.runtime;
    const auto& env = Environment;
    app.add_option("--plugin", raw.plugins, "Shared object to load")
        ->envname(env("PLUGIN"))
        ->allow_extra_args(false);
    app.add_option("--gateway", raw.gateways,
                   "Gateway to serve; may be repeated. All addresses of a name are used")
        ->envname(env("GATEWAY"))
        ->delimiter(',')
        ->check(kGateway);
    app.add_option("--threads", runtime.threads, "Threads that run the plugin")
        ->envname(env("THREADS"))
        ->check(CLI::Range(std::size_t{1}, kMaxThreads))
        ->capture_default_str();
    app.add_option("--plugin-config", raw.plugin_config,
                   "Text for the plugin, or @FILE to take it from a file")
        ->envname(env("PLUGIN_CONFIG"));
    app.add_option("--curve-key", raw.curve_key,
                   "File with this worker's secret certificate: encrypts the leg")
        ->envname(env("CURVE_KEY"));
    app.add_option("--curve-gateway-key", raw.curve_gateway_key,
                   "File with the gateways' public certificate")
        ->envname(env("CURVE_GATEWAY_KEY"));
    app.add_option("--capacity", raw.capacity,
                   "Requests held at once, over all gateways [64 for each thread]")
        ->envname(env("CAPACITY"))
        ->check(CLI::Range(std::uint32_t{1}, kMaxCapacity));
    app.add_option("--capacity-bytes", raw.capacity_bytes, "Bytes of requests held at once")
        ->envname(env("CAPACITY_BYTES"))
        ->check(kSize)
        ->capture_default_str();
    app.add_option("--drain-timeout", raw.drain_timeout, "How long an ending worker may finish")
        ->envname(env("DRAIN_TIMEOUT"))
        ->check(kDuration)
        ->capture_default_str();
    app.add_option("--stuck-after", raw.stuck_after,
                   "Hand requests back that wait so long while no thread is free")
        ->envname(env("STUCK_AFTER"))
        ->check(kDuration)
        ->capture_default_str();
    app.add_option("--health-file", runtime.health_file,
                   "Touched every second while a gateway welcomes this worker")
        ->envname(env("HEALTH_FILE"));
    app.add_flag("--health", options.health,
                 "Only check the health file: exit 0 when it is fresh (5 s), else 1")
        ->envname(env("HEALTH"));
    AddProcessOptions(app, options.processes);
    app.add_option("--log-level", options.log_level, "Least important lines to log")
        ->envname(env("LOG_LEVEL"))
        ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
        ->capture_default_str();
    app.add_option("--log-format", options.log_format, "For people or for machines")
        ->envname(env("LOG_FORMAT"))
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    DescribeDebugging(app, options, raw);
    app.set_version_flag("--version", std::string("holdfast-worker ") + HOLDFAST_VERSION);
    app.footer(
        "Every option is also read from the environment: --drain-timeout is "
        "HOLDFAST_WORKER_DRAIN_TIMEOUT.\n"
        "Exit codes: 0 drained, 1 cannot start, 2 wrong usage, 3 drain timed out, 4 an invoked\n"
        "request was not answered, 130 or 143 ended at once by a second SIGINT or SIGTERM.");
}

void InterpretDebugging(const Raw& raw, Options& options) {
    if (!raw.timeout.empty()) options.invoke.timeout = ParseDuration(raw.timeout);
    if (!raw.cancel_after.empty()) options.invoke.cancel_after = ParseDuration(raw.cancel_after);
    RecordOptions& record = options.runtime.record;
    record.max_bytes = ParseSize(raw.record_bytes).value();
    for (std::string name : raw.redact) {
        std::transform(name.begin(), name.end(), name.begin(), &detail::Lower);
        record.redact.insert(std::move(name));
    }
}

/// Throws CLI::ValidationError.
void Interpret(const Raw& raw, Options& options) {
    RuntimeOptions& runtime = options.runtime;
    if (options.health) {
        if (runtime.health_file.empty()) {
            throw CLI::ValidationError("--health", "needs --health-file");
        }
        return;
    }
    if (!options.describe.empty()) return;
    if (raw.plugins.empty()) throw CLI::ValidationError("--plugin", "is required");
    if (raw.plugins.size() > 1) {
        throw CLI::ValidationError("--plugin", "one worker runs one plugin, not both " +
                                                   raw.plugins[0] + " and " + raw.plugins[1] +
                                                   ": start a worker for each");
    }
    runtime.plugin = raw.plugins[0];
    InterpretDebugging(raw, options);
    if (raw.gateways.empty() && options.invoke.from.empty())
        throw CLI::ValidationError("--gateway", "is required");
    for (const std::string& gateway : raw.gateways) {
        runtime.gateways.push_back(ParseAddress(gateway).value());
    }
    runtime.plugin_config.text = raw.plugin_config;
    if (raw.plugin_config.starts_with('@')) {
        const std::string name = raw.plugin_config.substr(1);
        std::ifstream file(name, std::ios::binary);
        auto text = ReadToEnd(file);
        if (!text) throw CLI::ValidationError("--plugin-config", "cannot read " + name);
        runtime.plugin_config = {.text = std::move(*text), .name = name};
    }
    if (raw.curve_key.empty() != raw.curve_gateway_key.empty()) {
        throw CLI::ValidationError("--curve-key", "and --curve-gateway-key go together");
    }
    if (!raw.curve_key.empty()) {
        try {
            runtime.curve = std::make_shared<const CurveKeys>(raw.curve_gateway_key, raw.curve_key);
        } catch (const std::runtime_error& error) {
            throw CLI::ValidationError("--curve-key", error.what());
        }
    }
    WorkerOptions& rules = runtime.rules;
    rules.capacity_requests =
        raw.capacity != 0 ? raw.capacity
                          : kCapacityPerThread * static_cast<std::uint32_t>(runtime.threads);
    rules.capacity_bytes = ParseSize(raw.capacity_bytes).value();
    rules.drain_timeout = ParseDuration(raw.drain_timeout).value();
    rules.stuck_after = ParseDuration(raw.stuck_after).value();
    InterpretProcesses({runtime.plugin, runtime.threads, rules.drain_timeout}, options.processes);
}

}  // namespace

std::optional<Options> ParseOptions(int argc, char** argv, int& exit_code) {
    Options options;
    Raw raw;
    CLI::App app("Runs a plugin for the gateways that it connects to.", "holdfast-worker");
    Describe(app, options, raw);
    try {
        app.parse(argc, argv);
        Interpret(raw, options);
    } catch (const CLI::ParseError& error) {
        exit_code = app.exit(error) == 0 ? kExitDrained : kExitUsage;
        return std::nullopt;
    }
    return options;
}

}  // namespace holdfast::worker
