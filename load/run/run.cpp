#include "load/run/run.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>

#include "load/report/describe.h"
#include "load/report/format.h"
#include "load/report/live_view.h"
#include "load/report/report.h"
#include "load/run/conductor.h"
#include "load/run/exit_code.h"
#include "load/run/fleet.h"
#include "load/run/generator.h"
#include "load/run/ops_scraper.h"
#include "load/run/outputs.h"
#include "load/run/signals.h"
#include "load/trouble/trouble_schedule.h"
#include "load/truth/file_ledger.h"
#include "load/truth/ledger_reader.h"

namespace holdfast::load {
namespace {

/// Between the order to begin and the first planned send, so that every generator has heard it.
constexpr std::chrono::milliseconds kAhead(200);

/// Between the probes of a search, for what the last one has left behind; shorter when they are.
constexpr Duration kLongestSettle = std::chrono::seconds(2);

/// As many descriptors as this process may have, and may then use.
std::uint64_t RaiseDescriptorLimit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/// Different for each run, even with the same seed: marks and keys of two runs must not meet.
std::string NewRunId() {
    static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::random_device random;
    std::string id;
    for (int i = 0; i < 8; ++i) id += kDigits[random() % 36];
    return id;
}

std::uint64_t NewSeed() {
    return std::random_device()();
}

std::string Machine() {
    utsname system{};
    uname(&system);
    std::string cpu;
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; cpu.empty() && std::getline(file, line);) {
        if (line.starts_with("model name")) cpu = line.substr(line.find(':') + 2);
    }
    return std::string(system.sysname) + " " + system.release + ", " +
           (cpu.empty() ? system.machine : cpu) + ", " +
           std::to_string(std::thread::hardware_concurrency()) + " cores";
}

/// The live view, for the thread of the run and that of the trouble.
class Screen {
  public:
    Screen(const LoadProfile& load, std::uint32_t processes, bool quiet)
        : quiet_(quiet), view_(load, Options(processes), std::cerr) {}

    void Show(const Interval& interval) {
        const std::lock_guard lock(mutex_);
        if (!quiet_) view_.Show(interval);
    }
    void Say(const std::string& line) {
        const std::lock_guard lock(mutex_);
        if (!quiet_) view_.Say(line);
    }

  private:
    static LiveOptions Options(std::uint32_t processes) {
        LiveOptions options = OptionsFor(STDERR_FILENO);
        options.processes = processes;
        return options;
    }

    const bool quiet_;
    std::mutex mutex_;
    LiveView view_;
};

std::string LineOf(const Mark& mark) {
    char second[32];
    std::snprintf(second, sizeof second, "%.1f s: ", mark.second);
    return second + mark.label + (mark.failed ? " (FAILED)" : "");
}

/// Everything that is decided before anything is done.
struct Decided {
    explicit Decided(const RunOptions& options)
        : flow(LoadFlow(options.flow)),
          load(DecideLoad(flow.load, options)),
          thresholds(DecideThresholds(flow, options)),
          processes(DecideProcesses(load, options.processes, RaiseDescriptorLimit())) {
        if (load.mode == LoadMode::kFindLimit && thresholds.empty()) {
            throw UsageError("a search for the limit needs a --threshold, such as p99<250ms");
        }
        if (!options.database.empty() && options.ledger.empty()) {
            throw UsageError("--db writes the stock before the run into the ledger: give --ledger");
        }
        if (!options.ledger.empty() && !std::ofstream(options.ledger, std::ios::app)) {
            throw UsageError("--ledger " + options.ledger + ": " +
                             std::generic_category().message(errno));
        }
        if (!options.ops.empty() && !options.ops.starts_with("http://")) {
            throw UsageError("--ops " + options.ops + ": http://HOST:PORT is right");
        }
        outputs.AddFolder(options.out);
        outputs.AddHtml(options.html);
        outputs.AddJson(options.json);
        outputs.AddCsv(options.csv);
        outputs.AddJunit(options.junit);
        result.flow = flow.name;
        result.run = NewRunId();
        result.seed = options.seed ? *options.seed : NewSeed();
        result.target = options.target.url;
        result.version = HOLDFAST_VERSION;
        result.machine = Machine();
        result.load = load;
        result.processes = processes;
        for (const StepName& step : flow.steps) result.steps.push_back(step.name);
    }

    Flow flow;
    LoadProfile load;
    std::vector<Threshold> thresholds;
    std::uint32_t processes;
    Outputs outputs;
    Result result;
};

void WriteStockBefore(const RunOptions& options, const std::string& run) {
    if (options.database.empty()) return;
    AppendToLedger(options.ledger, StockLine(run, OpenOrdersDatabase(options.database)->Stock()));
}

int ExitCodeOf(const Result& result, bool incomplete, int signal) {
    if (signal != 0) return 128 + signal;
    if (incomplete) return kIncomplete;
    const bool failed = std::any_of(result.thresholds.begin(), result.thresholds.end(),
                                    [](const ThresholdResult& one) { return !one.passed; });
    const bool no_limit = result.load.mode == LoadMode::kFindLimit && !result.limit;
    return failed || no_limit ? kThreshold : kOk;
}

/// The reports, and what stands on the terminal at the end. Whether all could be written.
bool Report(const Decided& decided) {
    PrintTable(decided.result, std::cout, WantsColour(STDOUT_FILENO));
    const std::vector<std::string> failures = decided.outputs.Write(decided.result);
    for (const std::string& line : failures) std::cerr << "holdfast-load: " << line << '\n';
    if (failures.empty()) {
        for (const std::string& path : decided.outputs.paths()) {
            std::cout << "written: " << path << '\n';
        }
    }
    std::cout.flush();
    return failures.empty() && std::cout.good();
}

}  // namespace

int Run(const RunOptions& options) {
    Decided decided(options);
    Result& result = decided.result;
    const Signals signals;
    // From here to the forks there is one thread only.
    TroubleSchedule trouble(decided.flow.trouble, options.ops);
    const GeneratorSettings generator{.flow = decided.flow,
                                      .target = options.target,
                                      .load = decided.load,
                                      .run = result.run,
                                      .seed = result.seed,
                                      .processes = decided.processes,
                                      .drain = options.Drain(),
                                      .checks = !options.no_checks,
                                      .ledger = options.ledger};
    Fleet fleet(decided.processes, [&generator](std::uint32_t process, int channel) {
        return RunGenerator(generator, process, channel);
    });
    if (!fleet.WaitUp(signals.stop())) return 128 + signals.received();
    WriteStockBefore(options, result.run);

    Screen screen(decided.load, decided.processes, options.quiet);
    screen.Say(result.flow + " to " + result.target + ": " + DescribeRun(result) + "; run " +
               result.run + ", seed " + std::to_string(result.seed));
    result.started = std::chrono::system_clock::now() + kAhead;
    const TimePoint start = Clock::now() + kAhead;
    OpsScraper scraper(options.ops, start);
    trouble.Start(start, [&screen](const Mark& mark) { screen.Say(LineOf(mark)); });
    Conductor conductor(
        fleet,
        {.load = decided.load,
         .thresholds = decided.thresholds,
         .steps = result.steps,
         .processes = decided.processes,
         .drain = options.Drain(),
         .settle = std::min(kLongestSettle, decided.load.find_limit.probe),
         .stop = signals.stop(),
         .on_second = [&screen](const Interval& interval) { screen.Show(interval); },
         .say = [&screen](const std::string& line) { screen.Say(line); }},
        result);
    conductor.Run(start);
    result.marks = trouble.Finish();
    for (const Mark& mark : result.marks) {
        if (mark.failed) result.warnings.push_back("trouble at " + LineOf(mark));
    }
    scraper.Finish(result);
    const bool written = Report(decided);
    return ExitCodeOf(result, conductor.incomplete() || !written, signals.received());
}

int Trace(const RunOptions& options) {
    const Decided decided(options);
    EngineOptions engine;
    engine.target = options.target;
    engine.load = decided.load;
    engine.load.mode = LoadMode::kClosed;
    engine.load.users = 1;
    engine.load.connections = 1;
    engine.identity = {.run = decided.result.run, .seed = decided.result.seed};
    engine.start = Clock::now();
    engine.drain = options.Drain();
    std::uint64_t errors = 0;
    engine.on_interval = [&errors](const Interval& interval) {
        for (const StepInterval& step : interval.steps) {
            for (std::size_t kind = 1; kind < kErrorKinds; ++kind) errors += step.errors[kind];
        }
        for (const std::string& note : interval.notes) std::cout << "! " << Printable(note) << '\n';
    };
    engine.trace = [](std::string_view direction, std::string_view bytes) {
        while (!bytes.empty()) {
            const std::size_t end = std::min(bytes.find('\n'), bytes.size());
            std::string_view line = bytes.substr(0, end);
            if (line.ends_with('\r')) line.remove_suffix(1);
            std::cout << direction << ' ' << Printable(line) << '\n';
            bytes.remove_prefix(std::min(end + 1, bytes.size()));
        }
        std::cout << '\n';
    };
    Engine one(decided.flow, std::move(engine));
    one.Probe();
    one.Run();
    return errors == 0 ? kOk : kThreshold;
}

}  // namespace holdfast::load
