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

void WriteAccess(Log& log, const AccessRecord& record) {
    if (!log.Enabled(Level::kInfo)) return;
    log.Write(Level::kInfo, "access",
              {{"client", record.client},
               {"method", record.method},
               {"target", record.target},
               {"route", record.route},
               {"status", record.status},
               {"outcome", Name(record.outcome)},
               {"id", ToString(record.id)},
               {"request_bytes", record.request_bytes},
               {"response_bytes", record.response_bytes},
               {"duration", record.duration}});
}

void WriteFailure(Log& log, const FailureRecord& record) {
    if (!log.Enabled(Level::kWarn)) return;
    const std::string id = ToString(record.id);
    const std::string_view outcome = Name(record.outcome);
    const Fields fields = {{"outcome", outcome},
                           {"id", id},
                           {"route", record.route},
                           {"processed", Name(record.progress)},
                           {"attempts", record.attempts},
                           Stage("received_to_submitted", record.received, record.stamps.submitted),
                           Stage("submitted_to_sent", record.stamps.submitted, record.stamps.sent),
                           Stage("sent_to_completed", record.stamps.sent, record.stamps.completed),
                           {"total", record.answered - record.received},
                           {"detail", record.detail}};
    constexpr std::string_view kMessage = "request failed";
    if (record.outcome == Outcome::kWorkerLost && record.attempts > 1) {
        log.Write(Level::kWarn, kMessage, fields);
        return;
    }
    std::string key(outcome);
    key.append(" ").append(record.route);
    log.WriteFoldedAt(record.answered, Level::kWarn, key, kMessage, fields);
}

}  // namespace holdfast::gateway::log
