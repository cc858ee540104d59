#pragma once

#include <optional>

#include "worker/supervisor/plugin_copies.h"
#include "worker/supervisor/supervision.h"

namespace holdfast::worker {

/// Decides when a file that changes has become whole: nobody writes it, and it has been the same
/// for kQuiet. A state machine without I/O.
/// Thread: one.
class Settling {
  public:
    using TimePoint = SupervisorClock::time_point;
    static constexpr std::chrono::milliseconds kQuiet{300};
    static constexpr std::chrono::seconds kPatience{30};

    enum class Verdict { kWait, kSettled, kNever };

    /// There may be another file: begin to look.
    void Poke(TimePoint now) {
        if (!until_) until_ = now + kPatience;
        seen_.reset();
        look_at_ = now;
    }
    /// Somebody writes it, until it is closed.
    void SetWriting(bool writing) { writing_ = writing; }

    TimePoint NextLook() const { return until_ ? look_at_ : TimePoint::max(); }

    /// `stamp`: nothing when there is no file just now.
    Verdict Look(const std::optional<FileStamp>& stamp, TimePoint now) {
        if (!until_ || now < look_at_) return Verdict::kWait;
        if (stamp && stamp->size > 0 && seen_ == stamp && !writing_) {
            until_.reset();
            return Verdict::kSettled;
        }
        if (now >= *until_) {
            until_.reset();
            return Verdict::kNever;
        }
        seen_ = stamp;
        look_at_ = now + kQuiet;
        return Verdict::kWait;
    }

  private:
    std::optional<TimePoint> until_;  ///< nothing: nobody waits for the file
    TimePoint look_at_{};
    std::optional<FileStamp> seen_;
    bool writing_ = false;
};

}  // namespace holdfast::worker
