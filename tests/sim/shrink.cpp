#include <algorithm>

#include "tests/sim/campaign.h"

namespace holdfast::sim {
namespace {

class Shrinker {
  public:
    Shrinker(const Failure& failure, const Plan& plan, std::chrono::seconds patience)
        : best_(failure), plan_(plan), until_(std::chrono::steady_clock::now() + patience) {}

    Failure Run() {
        KeepWhatCameBefore();
        TakeOutProcesses();
        TakeOutFaults();
        TakeOutActions();
        TakeOutProcesses();
        return best_;
    }

  private:
    bool Patient() const { return std::chrono::steady_clock::now() < until_; }

    /// Keeps the smaller world if the same promise is broken there.
    bool Try(const Trial& smaller) {
        if (!Patient()) return false;
        Coverage ignored;
        const auto failure = RunTrial(smaller, plan_, ignored);
        if (!failure || failure->promise != best_.promise) return false;
        best_ = *failure;
        return true;
    }

    void KeepWhatCameBefore() {
        Trial trial = best_.trial;
        trial.only.emplace();
        for (std::uint64_t i = 0; i < plan_.actions.size(); ++i) {
            if (plan_.actions[i].at <= best_.at) trial.only->insert(i);
        }
        Try(trial);
    }

    void TakeOutProcesses() {
        for (std::size_t i = plan_.gateways; i-- > 0;) {
            Trial trial = best_.trial;
            if (trial.without_gateways.insert(i).second) Try(trial);
        }
        for (std::size_t i = plan_.workers; i-- > 0;) {
            Trial trial = best_.trial;
            if (trial.without_workers.insert(i).second) Try(trial);
        }
    }

    void TakeOutFaults() {
        if (TakeOut([](const Action& action) { return !action.ask; })) return;
        for (std::size_t kind = 0; kind <= static_cast<std::size_t>(kLastLie); ++kind) {
            TakeOut([&](const Action& action) { return action.fault == static_cast<Seen>(kind); });
        }
    }

    template <typename Which>
    bool TakeOut(Which which) {
        if (!best_.trial.only) return false;
        Trial trial = best_.trial;
        const std::size_t taken = std::erase_if(
            *trial.only, [&](std::uint64_t number) { return which(plan_.actions[number]); });
        return taken != 0 && Try(trial);
    }

    /// Delta debugging (Zeller and Hildebrandt, TSE 2002): takes out ever smaller parts, until no
    /// single action can be spared.
    void TakeOutActions() {
        if (!best_.trial.only) return;
        std::size_t part = (best_.trial.only->size() + 1) / 2;
        while (part > 0 && Patient()) {
            bool smaller = false;
            std::vector<std::uint64_t> left(best_.trial.only->begin(), best_.trial.only->end());
            for (std::size_t at = 0; at < left.size() && Patient();) {
                Trial trial = best_.trial;
                trial.only->clear();
                const std::size_t end = std::min(at + part, left.size());
                for (std::size_t i = 0; i < left.size(); ++i) {
                    if (i < at || i >= end) trial.only->insert(left[i]);
                }
                if (Try(trial)) {
                    smaller = true;
                    left.assign(best_.trial.only->begin(), best_.trial.only->end());
                } else {
                    at = end;
                }
            }
            if (!smaller || part > 1) {
                if (part == 1) break;
                part = std::max<std::size_t>(1, std::min(part / 2, (left.size() + 1) / 2));
            }
        }
    }

    Failure best_;
    const Plan& plan_;
    const std::chrono::steady_clock::time_point until_;
};

}  // namespace

Failure Shrink(const Failure& failure, const Plan& plan, std::chrono::seconds patience) {
    return Shrinker(failure, plan, patience).Run();
}

}  // namespace holdfast::sim
