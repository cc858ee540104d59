#include "gateway/log/request_lines.h"

#include <string>

namespace holdfast::gateway::log {
namespace {

/// A stage's duration in milliseconds, or that the request never came there.
class Stage {
  public:
    Stage(std::string_view key, TimePoint from, TimePoint to)
        : key_(key), reached_(from != TimePoint{} && to != TimePoint{}), took_(to - from) {}
    operator Field() const {  // NOLINT(google-explicit-constructor): written in a list of fields
        return reached_ ? Field(key_, took_) : Field(key_, "never");
    }

  private:
    std::string_view key_;
    bool reached_;
    Duration took_;
};

}  // namespace

void WriteAccess(Log& log, const AccessLine& line) {
    if (!log.Enabled(Level::kInfo)) return;
    log.Write(Level::kInfo, "access",
              {{"client", line.client},
               {"method", line.method},
               {"target", line.target},
               {"route", line.route},
               {"status", line.status},
               {"outcome", Name(line.outcome)},
               {"id", ToString(line.id)},
               {"request_bytes", line.request_bytes},
               {"response_bytes", line.response_bytes},
               {"duration", line.duration}});
}

void WriteFailure(Log& log, const FailureLine& line) {
    if (!log.Enabled(Level::kWarn)) return;
    const std::string id = ToString(line.id);
    const std::string_view outcome = Name(line.outcome);
    const Fields fields = {{"outcome", outcome},
                           {"id", id},
                           {"route", line.route},
                           {"processed", Name(line.progress)},
                           {"attempts", line.attempts},
                           Stage("received_to_submitted", line.received, line.stamps.submitted),
                           Stage("submitted_to_sent", line.stamps.submitted, line.stamps.sent),
                           Stage("sent_to_completed", line.stamps.sent, line.stamps.completed),
                           {"total", line.answered - line.received},
                           {"detail", line.detail}};
    constexpr std::string_view kMessage = "request failed";
    if (line.outcome == Outcome::kWorkerLost && line.attempts > 1) {
        log.Write(Level::kWarn, kMessage, fields);
        return;
    }
    std::string key(outcome);
    key.append(" ").append(line.route);
    log.WriteFoldedAt(line.answered, Level::kWarn, key, kMessage, fields);
}

}  // namespace holdfast::gateway::log
