// holdfast-sim [--worlds N | --minutes M] [--seed S] [--trace]
//
// Runs worlds S, S+1, ... and checks the product's promises after every step of each. The same seed
// gives the same world. The last line is a summary; a broken promise is printed with its seed, and
// the exit code is 1.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/world.h"

namespace {

struct Arguments {
    std::uint64_t worlds = 100;
    std::optional<std::chrono::minutes> minutes;  ///< instead of a number of worlds
    std::uint64_t seed = 1;
    bool trace = false;
};

bool Parse(int argc, char** argv, Arguments& into) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--trace") {
            into.trace = true;
        } else if (argument == "--worlds" && i + 1 < argc) {
            into.worlds = std::stoull(argv[++i]);
        } else if (argument == "--minutes" && i + 1 < argc) {
            into.minutes = std::chrono::minutes(std::stoul(argv[++i]));
        } else if (argument == "--seed" && i + 1 < argc) {
            into.seed = std::stoull(argv[++i]);
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!Parse(argc, argv, arguments)) {
        std::cerr << "usage: holdfast-sim [--worlds N | --minutes M] [--seed S] [--trace]\n";
        return 2;
    }
    holdfast::sim::Coverage coverage;
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t worlds = 0;
    const auto more = [&] {
        return arguments.minutes ? std::chrono::steady_clock::now() - start < *arguments.minutes
                                 : worlds < arguments.worlds;
    };
    for (; more(); ++worlds) {
        const std::uint64_t seed = arguments.seed + worlds;
        holdfast::sim::World world(seed, coverage, arguments.trace);
        try {
            world.Run();
        } catch (const holdfast::sim::Violation& violation) {
            std::cout << "BROKEN in world --seed " << seed << ": " << violation.what() << '\n';
            if (arguments.trace) world.Print();
            return 1;
        }
    }
    for (const auto& [what, count] : coverage.all()) {
        if (what != "requests") std::cout << count << "  " << what << '\n';
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << "worlds " << worlds << ", from seed " << arguments.seed << ", requests "
              << coverage["requests"] << ", kinds of events seen " << coverage.all().size() << ", "
              << took.count() << " s: every promise kept\n";
    return 0;
}
