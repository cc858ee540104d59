// holdfast-sim [--worlds N | --minutes M] [--seed S] [--jobs J] [--require-coverage N] [--trace]
// holdfast-sim --seed S --only LIST [--without LIST] [--trace]
//
// Runs worlds S, S+1, ... and checks the product's promises after every step of each. The same seed
// gives the same world. A broken promise is printed with its seed, the smallest world found in
// which it is broken too, the trace of that one and the command that runs it again; the exit code
// is 1. With --require-coverage it is also 1 when something that worlds must meet was met less than
// N times. The last line is a summary. See docs/simulation.md.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "tests/sim/campaign.h"
#ifdef HOLDFAST_MUTATIONS
#include "tests/sim/mutations.h"
#endif

namespace holdfast::sim {
namespace {

constexpr std::chrono::seconds kShrinkPatience{20};

struct Arguments {
    Campaign campaign;
    Trial trial;  ///< --only and --without: this one world
    std::uint64_t required = 0;
    bool trace = false;
    std::string program;
    std::string mutation;  ///< only in the build that breaks rules
};

template <typename Number>
bool ParseNumber(std::string_view text, Number& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc() && end == text.data() + text.size();
}

bool ParseOption(std::string_view name, std::string_view value, Arguments& into) {
    Campaign& campaign = into.campaign;
    if (name == "--worlds") return ParseNumber(value, campaign.worlds);
    if (name == "--seed") return ParseNumber(value, campaign.seed);
    if (name == "--jobs") return ParseNumber(value, campaign.jobs) && campaign.jobs > 0;
    if (name == "--require-coverage") return ParseNumber(value, into.required);
    if (name == "--only") return ParseOnly(value, into.trial);
    if (name == "--without") return ParseWithout(value, into.trial);
    if (name == "--minutes") {
        unsigned minutes = 0;
        if (!ParseNumber(value, minutes)) return false;
        campaign.minutes = std::chrono::minutes(minutes);
        return true;
    }
#ifdef HOLDFAST_MUTATIONS
    if (name == "--break") {
        into.mutation = value;
        const Mutation* mutation = FindMutation(value);
        if (mutation != nullptr) Break(*mutation);
        return mutation != nullptr;
    }
#endif
    return false;
}

bool Parse(int argc, char** argv, Arguments& into) {
    into.program = argv[0];
    into.campaign.jobs = std::max(1U, std::thread::hardware_concurrency());
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--trace") {
            into.trace = true;
        } else if (i + 1 < argc && ParseOption(argv[i], argv[i + 1], into)) {
            ++i;
        } else {
            return false;
        }
    }
    into.trial.seed = into.campaign.seed;
    return true;
}

std::string Seconds(Duration duration) {
    std::ostringstream text;
    text << std::chrono::duration<double>(duration).count() << " s";
    return text.str();
}

void Say(const Failure& failure) {
    std::cout << "BROKEN: " << failure.what << "\n  in world " << Text(failure.trial) << ", step "
              << failure.step << ", after " << Seconds(failure.at) << '\n';
}

/// Runs one world aloud, if wanted.
int RunOne(const Arguments& arguments) {
    Coverage coverage;
    const Plan plan = MakePlan(arguments.trial.seed);
    const auto failure =
        RunTrial(arguments.trial, plan, coverage, arguments.trace ? &std::cout : nullptr);
    if (failure) {
        Say(*failure);
        return 1;
    }
    std::cout << "world " << Text(arguments.trial) << ", steps " << coverage.steps()
              << ", requests " << coverage.requests() << ": every promise kept\n";
    return 0;
}

void Explain(const Failure& failure, const Arguments& arguments) {
    std::cout << "BROKEN: " << failure.what << "\n  in world --seed " << failure.trial.seed
              << ", step " << failure.step << ", after " << Seconds(failure.at) << '\n';
    const Plan plan = MakePlan(failure.trial.seed);
    const Failure smallest = Shrink(failure, plan, kShrinkPatience);
    std::cout << "the smallest world found that breaks it has "
              << (smallest.trial.only ? smallest.trial.only->size() : plan.actions.size())
              << " of its " << plan.actions.size() << " actions, "
              << plan.gateways - smallest.trial.without_gateways.size() << " of its "
              << plan.gateways << " gateways and "
              << plan.workers - smallest.trial.without_workers.size() << " of its " << plan.workers
              << " workers:\n";
    Coverage ignored;
    RunTrial(smallest.trial, plan, ignored, &std::cout);
    std::cout << "BROKEN: " << smallest.what << "\nreplay: " << arguments.program << ' '
              << (arguments.mutation.empty() ? "" : "--break " + arguments.mutation + ' ')
              << Text(smallest.trial) << " --trace\n";
}

/// Prints how often each thing was met; false when one that must be was met too rarely.
bool SayCoverage(const Coverage& coverage, std::uint64_t required) {
    bool enough = true;
    for (const Coverage::Line& line : coverage.Lines()) {
        const bool short_of = line.declared && line.count < required;
        enough = enough && !short_of;
        std::cout << line.count << "  " << line.what << (short_of ? "  TOO RARE" : "")
                  << (line.declared ? "" : "  (not declared)") << '\n';
    }
    return enough;
}

int RunMany(const Arguments& arguments) {
    const auto start = std::chrono::steady_clock::now();
    const CampaignResult result = RunCampaign(arguments.campaign);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (result.failure) {
        Explain(*result.failure, arguments);
        std::cout << "worlds " << result.coverage.worlds() << ", from seed "
                  << arguments.campaign.seed << ": A PROMISE WAS BROKEN\n";
        return 1;
    }
    const Coverage& coverage = result.coverage;
    const bool enough = SayCoverage(coverage, arguments.required);
    std::cout << "worlds " << coverage.worlds() << ", from seed " << arguments.campaign.seed
              << ", requests " << coverage.requests() << ", steps " << coverage.steps()
              << ", fewest in a world " << coverage.fewest_steps() << ", " << took.count()
              << " s: every promise kept" << (enough ? "" : ", BUT SOMETHING WAS MET TOO RARELY")
              << '\n';
    return enough ? 0 : 1;
}

}  // namespace
}  // namespace holdfast::sim

int main(int argc, char** argv) {
    holdfast::sim::Arguments arguments;
    if (!Parse(argc, argv, arguments)) {
        std::cerr << "usage: holdfast-sim [--worlds N | --minutes M] [--seed S] [--jobs J] "
                     "[--require-coverage N] [--trace]\n"
                     "       holdfast-sim --seed S --only LIST [--without LIST] [--trace]\n";
        return 2;
    }
    const bool one =
        !arguments.trial.whole() || (arguments.trace && arguments.campaign.worlds == 1);
    return one ? RunOne(arguments) : RunMany(arguments);
}
