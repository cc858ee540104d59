#include "tests/sim/campaign.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/sim/world.h"

namespace holdfast::sim {
namespace {

/// Worlds in which a promise was broken, for ever: see World.
void Bury(std::unique_ptr<World> world) {
    static std::mutex mutex;
    static auto* const graveyard = new std::vector<std::unique_ptr<World>>;
    const std::lock_guard lock(mutex);
    graveyard->push_back(std::move(world));
}

}  // namespace

std::optional<Failure> RunTrial(const Trial& trial, const Plan& plan, Coverage& coverage,
                                std::ostream* trace_to) {
    auto world = std::make_unique<World>(trial, plan, coverage, trace_to);
    try {
        world->Run();
    } catch (const Violation& violation) {
        Failure failure{trial, violation.promise, violation.what(), world->steps(), world->now()};
        if (trace_to != nullptr) world->Print(*trace_to);
        Bury(std::move(world));
        return failure;
    }
    return std::nullopt;
}

CampaignResult RunCampaign(const Campaign& campaign) {
    using Clock = std::chrono::steady_clock;
    const auto until =
        campaign.minutes ? Clock::now() + *campaign.minutes : Clock::time_point::max();
    std::atomic<std::uint64_t> next{0};
    // Worlds beyond this one are not begun. Those before it are: the first failure by seed is
    // found.
    std::atomic<std::uint64_t> end{campaign.minutes ? ~std::uint64_t{0} : campaign.worlds};
    std::mutex mutex;
    CampaignResult result;

    const auto work = [&] {
        Coverage coverage;
        std::optional<Failure> failure;
        while (Clock::now() < until && !failure) {
            const std::uint64_t index = next++;
            if (index >= end) break;
            Trial trial;
            trial.seed = campaign.seed + index;
            failure = RunTrial(trial, MakePlan(trial.seed), coverage);
            if (!failure) continue;
            std::uint64_t before = end;
            while (index < before && !end.compare_exchange_weak(before, index)) {
            }
        }
        const std::lock_guard lock(mutex);
        result.coverage.Merge(coverage);
        const bool first =
            failure && (!result.failure || failure->trial.seed < result.failure->trial.seed);
        if (first) result.failure = failure;
    };
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < campaign.jobs; ++i) threads.emplace_back(work);
    work();
    threads.clear();
    return result;
}

}  // namespace holdfast::sim
