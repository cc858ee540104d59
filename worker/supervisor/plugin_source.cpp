#include "worker/supervisor/plugin_source.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::worker {

PluginSource::PluginSource(const std::string& plugin, bool watch)
    : plugin_(plugin), watch_(watch), copies_(plugin) {
    if (!copies_.Make(1)) {
        throw std::runtime_error("plugin " + plugin + ": it changes while it is read");
    }
    try {
        file_watch_.emplace(plugin);
    } catch (const std::system_error& error) {
        // Without --watch it only tells a file that is still written from one that is whole.
        if (watch) throw;
        spdlog::warn("{}: a reload cannot see who still writes the plugin", error.what());
    }
}

void PluginSource::Force(TimePoint now) {
    forced_ = true;
    settling_.Poke(now);
}

bool PluginSource::Look(TimePoint now) {
    const FileWatch::Changes changes = file_watch_ ? file_watch_->Take() : FileWatch::Changes{};
    settling_.SetWriting(changes.written);
    if (changes.complete && watch_) settling_.Poke(now);
    if (now < settling_.NextLook()) return wanted_;
    FileStamp stamp;
    const bool there = StampOf(plugin_, stamp);
    switch (settling_.Look(there ? std::optional(stamp) : std::nullopt, now)) {
        case Settling::Verdict::kWait:
            break;
        case Settling::Verdict::kSettled:
            wanted_ = true;
            break;
        case Settling::Verdict::kNever:
            forced_ = false;
            spdlog::error("no reload: plugin {} is missing, empty or still written to", plugin_);
            break;
    }
    return wanted_;
}

bool PluginSource::Take(std::uint32_t current, std::uint32_t next, TimePoint now) {
    wanted_ = false;
    const bool forced = std::exchange(forced_, false);
    if (!forced && copies_.SameAs(current)) {
        spdlog::info("no reload: plugin {} has the same bytes as before", plugin_);
        return false;
    }
    try {
        if (copies_.Make(next)) return true;
        // It changed meanwhile: once more, when it is whole again.
        forced_ = forced;
        settling_.Poke(now);
    } catch (const std::exception& error) {
        spdlog::error("no reload: {}", error.what());
    }
    return false;
}

}  // namespace holdfast::worker
