#pragma once

#include <chrono>
#include <iomanip>
#include <ostream>

#include "tests/sim/scheduler.h"

namespace holdfast::sim {

/// What happened in a world, a line each, where somebody wants to read it.
class Trace {
  public:
    Trace(const Scheduler& scheduler, std::ostream* to) : scheduler_(scheduler), to_(to) {}

    bool on() const { return to_ != nullptr; }

    template <typename... Words>
    void Say(const Words&... words) const {
        if (to_ == nullptr) return;
        const std::chrono::duration<double> time = scheduler_.now() - Scheduler::kStart;
        *to_ << std::fixed << std::setprecision(6) << std::setw(11) << time.count() << " s  ";
        (*to_ << ... << words) << '\n';
    }

  private:
    const Scheduler& scheduler_;
    std::ostream* const to_;
};

}  // namespace holdfast::sim
