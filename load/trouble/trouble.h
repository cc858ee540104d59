#pragma once

#include <cstdint>
#include <string>

#include "load/result/clock.h"

namespace holdfast::load {

/// One thing that is done to the system under load at a given time. Only what is named here can be
/// done, only to a process named by its pid file, a container named by its label, or an ops port.
struct TroubleEvent {
    enum class Action : std::uint8_t { kKill, kStop, kContinue, kTerminate, kRestart, kDrain };
    enum class Kind : std::uint8_t { kPidFile, kContainer, kOpsPort };

    Duration at{};  ///< since the run's start
    Action action = Action::kKill;
    Kind kind = Kind::kPidFile;
    std::string
        subject{};  ///< path of the pid file, label (key=value), or URL; empty: the --ops port
    std::string command{};  ///< kRestart with kPidFile: what to start, by /bin/sh
    std::string label{};    ///< on the plots; made from the rest when the file gives none
};

}  // namespace holdfast::load
