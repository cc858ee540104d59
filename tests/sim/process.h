#pragma once

#include <memory>
#include <utility>

#include "tests/sim/scheduler.h"

namespace holdfast::sim {

/// A process with one loop: it runs a turn when it is woken or has asked to be, unless it stands
/// still.
class Process : public std::enable_shared_from_this<Process> {
  public:
    virtual ~Process() = default;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void Wake() { WakeAt(scheduler_.now()); }
    void WakeAt(TimePoint when) {
        if (!alive_ || when >= next_turn_) return;
        next_turn_ = when;
        scheduler_.At(when, [weak = weak_from_this(), token = ++token_] {
            if (const auto self = weak.lock()) self->MaybeRun(token);
        });
    }

    /// As SIGSTOP and SIGCONT do.
    void Pause(Duration how_long) {
        if (!alive_) return;
        resumes_ = std::max(resumes_, scheduler_.now() + how_long);
        scheduler_.At(resumes_, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->OnMaybeResumed();
        });
    }
    void Resume() {
        if (!paused()) return;
        resumes_ = scheduler_.now();
        OnMaybeResumed();
    }
    bool paused() const { return scheduler_.now() < resumes_; }
    TimePoint resumed_at() const { return resumes_; }
    bool alive() const { return alive_; }

  protected:
    explicit Process(Scheduler& scheduler) : scheduler_(scheduler) {}

    virtual void Turn(TimePoint now) = 0;
    virtual void OnResumed() {}
    void Die() { alive_ = false; }

    Scheduler& scheduler_;

  private:
    void MaybeRun(std::uint64_t token) {
        if (token != token_ || !alive_) return;
        next_turn_ = TimePoint::max();
        if (paused()) {
            missed_ = true;
        } else {
            Turn(scheduler_.now());
        }
    }
    void OnMaybeResumed() {
        if (paused() || !alive_) return;
        if (std::exchange(missed_, false)) Wake();
        OnResumed();
    }

    TimePoint next_turn_ = TimePoint::max();
    TimePoint resumes_;
    std::uint64_t token_ = 0;
    bool missed_ = false;
    bool alive_ = true;
};

}  // namespace holdfast::sim
