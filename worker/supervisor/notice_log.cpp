#include "worker/supervisor/notice_log.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace holdfast::worker {
namespace {

double Seconds(SupervisorClock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Log(const Notice& notice, const SupervisionRules& rules, std::uint32_t serving) {
    switch (notice.kind) {
        case Notice::Kind::kRestart:
            spdlog::warn("process {} starts again in {:.2f} s", notice.place,
                         Seconds(notice.delay));
            break;
        case Notice::Kind::kQuarantine:
            spdlog::error(
                "process {} is in quarantine: it ended {} times within {:.0f} s, the "
                "last time with {}; it starts again in {:.0f} s",
                notice.place, rules.crash_limit, Seconds(rules.crash_window), notice.reason,
                Seconds(notice.delay));
            break;
        case Notice::Kind::kCannotStart:
            spdlog::error(
                "cannot start: every process ended before it served, the last one "
                "with {}",
                notice.reason);
            break;
        case Notice::Kind::kKilled:
            spdlog::error("process {} did not end in its time: killed", notice.place);
            break;
        case Notice::Kind::kReloading:
            spdlog::info("reload: generation {} starts", notice.generation);
            break;
        case Notice::Kind::kReloaded:
            spdlog::info("reloaded: generation {} serves, the old processes drain",
                         notice.generation);
            break;
        case Notice::Kind::kReloadFailed:
            spdlog::error("reload failed: {}; generation {} goes on", notice.reason, serving);
            break;
    }
}

}  // namespace holdfast::worker
