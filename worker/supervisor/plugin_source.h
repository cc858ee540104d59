#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "worker/supervisor/file_watch.h"
#include "worker/supervisor/plugin_copies.h"
#include "worker/supervisor/settling.h"

namespace holdfast::worker {

/// The plugin's file, as far as a supervisor loads from it: when there is another build, whether it
/// is whole, and the private copy of it.
/// Thread: the supervisor's. Blocks for as long as the file is copied or compared.
class PluginSource {
  public:
    using TimePoint = SupervisorClock::time_point;

    /// `watch`: another build is one to load. Makes the copy of the first generation; throws
    /// std::runtime_error.
    PluginSource(const std::string& plugin, bool watch);

    int watch_fd() const { return file_watch_ ? file_watch_->fd() : -1; }
    TimePoint NextLook() const { return settling_.NextLook(); }

    /// Whether it has changed or not, it is to be loaded again.
    void Force(TimePoint now);
    /// Looks at what has happened to the file. True while a build waits to be loaded.
    bool Look(TimePoint now);
    /// Copies that build as generation `next`. False when there is nothing to load after all: it is
    /// the same as `current`, or it cannot be copied; the log says so.
    bool Take(std::uint32_t current, std::uint32_t next, TimePoint now);

    std::string CopyOf(std::uint32_t generation) const { return copies_.PathOf(generation); }
    void Drop(std::uint32_t generation) { copies_.Drop(generation); }

  private:
    const std::string plugin_;
    const bool watch_;
    PluginCopies copies_;
    std::optional<FileWatch> file_watch_;  ///< none: who writes the file is not known
    Settling settling_;
    bool forced_ = false;
    bool wanted_ = false;
};

}  // namespace holdfast::worker
