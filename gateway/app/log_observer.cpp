#include "gateway/app/log_observer.h"

#include <cstring>
#include <string>

namespace holdfast::gateway::app {
namespace {

Duration Between(TimePoint from, TimePoint to) {
    return from == TimePoint{} || to == TimePoint{} ? Duration::zero() : to - from;
}

}  // namespace

void LogObserver::OnAccess(const http::AccessRecord& record) {
    log_.Write(log::Level::kInfo, "access",
               {{"client", record.client},
                {"method", record.method},
                {"target", record.target},
                {"route", record.route},
                {"status", record.status},
                {"outcome", Name(record.outcome)},
                {"id", ToString(record.id)},
                {"request_bytes", record.request_bytes},
                {"response_bytes", record.response_bytes},
                {"took", record.duration}});
}

void LogObserver::OnFailure(const http::FailureRecord& record) {
    // Overload and a missing worker come in thousands and are the same each time; a request that a
    // worker had is worth its own line, though not a thousand a second either.
    std::string key(Name(record.outcome));
    key.append(" ").append(record.route);
    log_.WriteFolded(record.outcome == Outcome::kWorkerError || record.outcome == Outcome::kWorkerLost
                         ? log::Level::kError
                         : log::Level::kWarn,
                     key, Name(record.outcome),
                     {{"id", ToString(record.id)},
                      {"route", record.route},
                      {"processed", Name(record.progress)},
                      {"attempts", record.attempts},
                      {"detail", record.detail},
                      {"received_to_submitted", Between(record.received, record.stamps.submitted)},
                      {"submitted_to_sent", Between(record.stamps.submitted, record.stamps.sent)},
                      {"sent_to_completed", Between(record.stamps.sent, record.stamps.completed)},
                      {"completed_to_answered", Between(record.stamps.completed, record.answered)}});
}

void LogObserver::OnAcceptFailure(int error) {
    log_.WriteFolded(log::Level::kError, "accept", "cannot accept connections, resting a moment",
                     {{"error", std::strerror(error)}});
}

void LogObserver::OnException(std::string_view what) {
    log_.WriteFolded(log::Level::kError, "exception", "a connection was closed: it threw",
                     {{"what", what}});
}

void LogObserver::OnBus(BusLogLevel level, std::string_view line) {
    switch (level) {
        case BusLogLevel::kInfo:
            log_.Write(log::Level::kInfo, line);
            break;
        case BusLogLevel::kWarn:
            log_.Write(log::Level::kWarn, line);
            break;
        case BusLogLevel::kError:
            log_.Write(log::Level::kError, line);
            break;
    }
}

}  // namespace holdfast::gateway::app
