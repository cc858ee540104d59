#include <memory>

#include "load/result/quantity.h"
#include "load/run/run.h"
#include "load/run/verbs.h"

namespace holdfast::load {
namespace {

/// An option whose text `parse` takes; `rule` says what would be right.
template <typename Value>
CLI::Option* AddParsed(CLI::App& verb, const std::string& name, std::optional<Value>& value,
                       std::optional<Value> (*parse)(std::string_view), std::string_view rule,
                       const std::string& help) {
    const auto take = [&value, parse, name, rule](const std::string& text) {
        value = parse(text);
        if (!value) {
            throw CLI::ValidationError(name, Quoted(text) + " is not " + std::string(rule));
        }
    };
    return verb.add_option_function<std::string>(name, take, help);
}

std::optional<std::pair<double, double>> ParseRange(std::string_view text) {
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    const auto low = ParseRate(text.substr(0, dots));
    const auto high = ParseRate(text.substr(dots + 2));
    if (!low || !high) return std::nullopt;
    return std::pair(*low, *high);
}

std::optional<std::pair<double, double>> ParseAscending(std::string_view text) {
    const auto range = ParseRange(text);
    return range && range->first <= range->second ? range : std::nullopt;
}

std::optional<std::uint32_t> ParseSmallCount(std::string_view text) {
    const auto count = ParseCount(text);
    if (!count || *count == 0 || *count > 1'000'000) return std::nullopt;
    return static_cast<std::uint32_t>(*count);
}

constexpr std::string_view kRangeRule = "two rates such as 100..5000";
constexpr std::string_view kCountRule = "a number from 1 to 1000000";

void AddLoad(CLI::App& verb, RunOptions& options) {
    auto* rate = AddParsed(verb, "--rate", options.rate, ParseRate, kRateRule,
                           "Open loop: journeys begun per second, by the clock");
    auto* ramp = AddParsed(verb, "--ramp", options.ramp, ParseRange, kRangeRule,
                           "Open loop: from one rate to another, over --duration");
    auto* closed = verb.add_flag("--closed", options.closed,
                                 "Closed loop: each user begins anew when it has its answer; "
                                 "hides waiting");
    auto* limit = AddParsed(verb, "--find-limit", options.find_limit, ParseAscending,
                            "two ascending rates such as 100..5000",
                            "Searches for the highest rate within the thresholds: LOW..HIGH");
    for (auto* one : {rate, ramp, closed, limit}) {
        for (auto* other : {rate, ramp, closed, limit}) {
            if (one != other) one->excludes(other);
        }
    }
    AddParsed(verb, "--duration", options.duration, ParseDuration, kDurationRule, "Of the load");
    AddParsed(verb, "--probe", options.probe, ParseDuration, kDurationRule,
              "Of one rate of a search (10s)");
    AddParsed(verb, "--users", options.users, ParseSmallCount, kCountRule,
              "Of a closed loop, at once");
    AddParsed(verb, "--connections", options.connections, ParseSmallCount, kCountRule,
              "At most, at once");
    AddParsed(verb, "--processes", options.processes, ParseSmallCount, kCountRule,
              "Generators (as few as the descriptors allow)");
    AddParsed(verb, "--warm-up", options.warm_up, ParseDuration, kDurationRule,
              "At the start, recorded but not counted");
    AddParsed(verb, "--drain", options.drain, ParseDuration, kDurationRule,
              "After the load, for answers that are still out (10s)");
    AddParsed(verb, "--seed", options.seed, ParseCount, "a whole number",
              "Of everything random (a new one each time)");
}

void AddOutputs(CLI::App& verb, RunOptions& options) {
    verb.add_option("--out", options.out, "Folder for report.html, result.json and .csv, junit.xml")
        ->type_name("DIR");
    verb.add_option("--html", options.html, "The report, one file")->type_name("FILE");
    verb.add_option("--json", options.json, "The result, for compare and report")
        ->type_name("FILE");
    verb.add_option("--csv", options.csv, "Every second of every step")->type_name("FILE");
    verb.add_option("--junit", options.junit, "The thresholds, for CI servers")->type_name("FILE");
    verb.add_option("--ledger", options.ledger,
                    "What each client was told, appended, for reconcile")
        ->type_name("FILE");
    verb.add_option("--db", options.database,
                    "Writes the stock before the run into the ledger: sqlite:///PATH")
        ->type_name("URL");
    verb.add_flag("--quiet", options.quiet, "Nothing while it runs, only the table at the end");
}

}  // namespace

Verb AddRun(CLI::App& verb) {
    const auto options = std::make_shared<RunOptions>();
    verb.add_option("flow", options->flow, "A flow file, or the name of a ready flow")
        ->required()
        ->type_name("FLOW");
    verb.add_option("--url", options->target.url, "The target: http(s)://HOST:PORT[/PATH]")
        ->required()
        ->type_name("URL");
    AddLoad(verb, *options);
    verb.add_option("--threshold", options->thresholds,
                    "Such as p99<250ms, error_rate<0.1%, lost==0; exit code 99 when one fails")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    verb.add_option("--ops", options->ops,
                    "A gateway's ops port: its figures in the report, its drain for trouble")
        ->type_name("URL");
    AddOutputs(verb, *options);
    verb.add_flag("--trace", options->trace,
                  "One user, once: prints each request and response, reports nothing");
    verb.add_flag("--no-checks", options->no_checks, "Looks at status codes only");
    verb.add_option("--ca-file", options->target.ca_file, "https: trust these certificates")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    verb.add_flag("--insecure", options->target.insecure, "https: do not verify");
    return [options] { return options->trace ? Trace(*options) : Run(*options); };
}

}  // namespace holdfast::load
